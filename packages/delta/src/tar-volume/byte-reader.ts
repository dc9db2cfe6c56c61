import { VarveError } from '@varve/platform/errors'

const EMPTY = Buffer.alloc(0)

/** Takes a stream of bytes apart, a few at a time. */
export class ByteReader {
  readonly #pieces: AsyncIterator<Uint8Array>
  readonly #what: string
  #piece: Buffer = EMPTY
  #position: number

  /**
   * @param pieces - the stream
   * @param what - names the stream in errors
   * @param position - of the first byte, where the stream does not begin at its beginning
   */
  constructor(pieces: AsyncIterable<Uint8Array>, what: string, position = 0) {
    this.#pieces = pieces[Symbol.asyncIterator]()
    this.#what = what
    this.#position = position
  }

  /** How many bytes lie before the next one. */
  get position(): number {
    return this.#position
  }

  /** What the stream is called in errors. */
  get what(): string {
    return this.#what
  }

  /**
   * The next `length` bytes; undefined where the stream has ended.
   * @throws ERR_VARVE_DAMAGED where it ends in between
   */
  async exactly(length: number): Promise<Buffer | undefined> {
    if (!(await this.#fill())) return undefined
    if (this.#piece.length >= length) return this.#takeAtMost(length)
    const parts: Buffer[] = []
    for await (const part of this.take(length)) parts.push(part)
    return Buffer.concat(parts, length)
  }

  /**
   * The next `length` bytes, as they come.
   * @throws ERR_VARVE_DAMAGED where the stream ends before
   */
  async *take(length: number): AsyncGenerator<Buffer, void> {
    for (let left = length; left > 0;) {
      if (!(await this.#fill())) throw this.#truncated()
      const piece = this.#takeAtMost(left)
      left -= piece.length
      yield piece
    }
  }

  /**
   * Passes over the next `length` bytes.
   * @throws ERR_VARVE_DAMAGED where the stream ends before
   */
  async skip(length: number): Promise<void> {
    for (let left = length; left > 0;) {
      if (!(await this.#fill())) throw this.#truncated()
      left -= this.#takeAtMost(left).length
    }
  }

  /**
   * Reads to the end of the stream, so that checksums at its end are verified.
   * @param most - bytes that may follow
   * @throws ERR_VARVE_DAMAGED where more than that follow
   */
  async drain(most: number): Promise<void> {
    const end = this.#position + most
    while (await this.#fill()) {
      this.#takeAtMost(this.#piece.length)
      if (this.#position > end) {
        throw new VarveError('ERR_VARVE_DAMAGED', `${this.#what} goes on long after the end of its archive`)
      }
    }
  }

  /** Whether the stream has ended. */
  async isAtEnd(): Promise<boolean> {
    return !(await this.#fill())
  }

  /** The next bytes, `most` of them at most, as they come; undefined at the end. */
  async some(most: number): Promise<Buffer | undefined> {
    return (await this.#fill()) ? this.#takeAtMost(most) : undefined
  }

  /** Lets go of the stream, wherever it is. */
  async close(): Promise<void> {
    await this.#pieces.return?.()
  }

  async #fill(): Promise<boolean> {
    while (this.#piece.length === 0) {
      const next = await this.#pieces.next()
      if (next.done === true) return false
      const { buffer, byteOffset, byteLength } = next.value
      this.#piece = Buffer.from(buffer, byteOffset, byteLength)
    }
    return true
  }

  #takeAtMost(length: number): Buffer {
    const taken = this.#piece.subarray(0, length)
    this.#piece = this.#piece.subarray(taken.length)
    this.#position += taken.length
    return taken
  }

  #truncated(): VarveError {
    return new VarveError('ERR_VARVE_DAMAGED', `${this.#what} is truncated: it ends after ${this.#position} bytes`)
  }
}
