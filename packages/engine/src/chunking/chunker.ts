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
   * Holds more than `maxSize`; `ChunkStream` keeps house in it. The view stays valid for the chunker's life.
   */
  readonly buffer: Uint8Array<ArrayBuffer>
  /**
   * Where the chunk that starts at `start` ends, as an offset in `buffer`.
   *
   * @param start - offset of the chunk's first byte in `buffer`
   * @param end - offset after the last byte of the stream that may belong to it, at most `start + maxSize`
   * @param searched - no cut is before this offset, as an earlier call with a smaller `end` has found; `start` if left out
   * @returns the offset after the chunk's last byte, in `(start, end]`. `end` itself says that no cut was found: the chunk ends there only
   *   if it has `maxSize` bytes or the stream ends there too
   */
  cut(start: number, end: number, searched?: number): number
}

/** Names a chunker and its parameters as a plain value, so that worker threads can make the same one. */
export type ChunkerParameters =
  { readonly kind: 'rabin'; readonly polynomial: bigint } | { readonly kind: 'fixed'; readonly size: number }
