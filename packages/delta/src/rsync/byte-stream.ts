/** Bytes in pieces of any size, as streams of files, buffers in an array and generators give them. A piece may be reused once the next one is asked for. */
export type ByteStream = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** Bytes that are read from the front to the end, into memory of whoever reads. */
export interface ByteReader {
  /**
   * Reads what comes next.
   *
   * @param target - where to put it, not empty
   * @returns how many bytes, at least one; 0 at the end
   */
  read(target: Uint8Array): number | Promise<number>
}

/** Reads from a stream of pieces. */
export class StreamReader implements ByteReader {
  readonly #pieces: AsyncIterator<Uint8Array> | Iterator<Uint8Array>
  #piece: Uint8Array = new Uint8Array(0)
  #ended = false

  constructor(stream: ByteStream) {
    this.#pieces = Symbol.asyncIterator in stream ? stream[Symbol.asyncIterator]() : stream[Symbol.iterator]()
  }

  /** See {@link ByteReader.read}. */
  async read(target: Uint8Array): Promise<number> {
    while (this.#piece.length === 0) {
      if (this.#ended) return 0
      const next = await this.#pieces.next()
      if (next.done === true) this.#ended = true
      else this.#piece = next.value
    }
    const part = this.#piece.subarray(0, target.length)
    target.set(part)
    this.#piece = this.#piece.subarray(part.length)
    return part.length
  }

  /** Tells the stream that nothing more of it is wanted, so that it closes what it has open. */
  async close(): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    this.#piece = new Uint8Array(0)
    await this.#pieces.return?.()
  }
}
