/**
 * Decides where a stream of bytes is cut. Deterministic: the cuts depend on the bytes and the chunker's parameters only.
 * It knows nothing of files. One chunker serves one stream at a time.
 */
export interface Chunker {
  /** Bytes below which no chunk ends, but for a stream's last. */
  readonly minSize: number
  /** Bytes that no chunk exceeds. */
  readonly maxSize: number
  /**
   * Memory that the caller reads its stream into and from which it takes the chunks, so that scanning copies nothing.
   * Holds at least twice `maxSize`. The view stays valid for the chunker's life.
   */
  readonly buffer: Uint8Array<ArrayBuffer>
  /**
   * Where the chunk that starts at `start` ends, as an offset in `buffer`.
   *
   * @param start - offset of the chunk's first byte in `buffer`
   * @param end - offset after the stream's last byte that is in `buffer`. Either `end - start >= maxSize`, or the stream ends here
   * @returns the offset after the chunk's last byte: in `(start, end]`, and `end` itself where no cut was found
   */
  cut(start: number, end: number): number
}

/** Names a chunker and its parameters as a plain value, so that worker threads can make the same one. */
export type ChunkerParameters =
  { readonly kind: 'rabin'; readonly polynomial: bigint } | { readonly kind: 'fixed'; readonly size: number }
