import { createHash } from 'node:crypto'
import { VarveError } from '@varve/platform/errors'
import { damaged } from './byte-reader.ts'
import { CHECKSUM_LENGTH } from './record-encoder.ts'

/** Bytes of the longest record: that of a file of some hundred terabytes with its signature. */
const LONGEST_RECORD = 512 * 1024 * 1024

/** What a file of records is read from: bytes in pieces that nobody changes afterwards. */
export type Pieces = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** How a file of records names itself. */
export interface RecordFormat {
  /** Its first eight bytes. */
  readonly magic: string
  /** The latest version that is understood. */
  readonly version: number
  /** What such a file is called in messages, with an article: `an index of a directory`. */
  readonly kind: string
}

/**
 * Reads what `RecordEncoder` wrote. What it gives out is as it was written only once the footer has been reached: the checksum is there. Memory is that
 * of one record and one piece.
 */
export class RecordReader {
  readonly #pieces: AsyncIterator<Uint8Array> | Iterator<Uint8Array>
  readonly #format: RecordFormat
  readonly #what: string
  readonly #hash = createHash('sha256')
  #rest: Buffer = Buffer.alloc(0)
  #started = false
  #footer: Buffer | undefined

  /** @param what - names the file in messages: `the index 'x'` */
  constructor(pieces: Pieces, format: RecordFormat, what: string) {
    this.#pieces = Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]()
    this.#format = format
    this.#what = what
  }

  /** The footer, once `next` has returned undefined. */
  get footer(): Buffer {
    if (this.#footer === undefined) throw new Error('the footer comes after the last record')
    return this.#footer
  }

  /**
   * The next record, undefined after the last one; all bytes have then been checked against the checksum.
   * @throws ERR_VARVE_DAMAGED, ERR_VARVE_FORMAT, what the source of the pieces throws
   */
  async next(): Promise<Buffer | undefined> {
    if (this.#footer !== undefined) return undefined
    if (!this.#started) await this.#start()
    const record = await this.#record()
    if (record.length > 0) return record
    const footer = await this.#record()
    const expected = this.#hash.digest()
    if (!expected.equals(await this.#take(CHECKSUM_LENGTH))) throw damaged(this.#what, 'its checksum is wrong')
    if (this.#rest.length > 0 || (await this.#nextPiece()) !== undefined) {
      throw damaged(this.#what, 'something comes after its end')
    }
    this.#footer = footer
    return undefined
  }

  /** Tells the source that nothing more of it is wanted. */
  async close(): Promise<void> {
    await this.#pieces.return?.()
  }

  async #start(): Promise<void> {
    this.#started = true
    const start = await this.#take(10)
    if (start.toString('latin1', 0, 8) !== this.#format.magic) {
      throw new VarveError('ERR_VARVE_FORMAT', `${this.#what} is not ${this.#format.kind}`)
    }
    const version = start.readUInt16LE(8)
    if (version !== this.#format.version) {
      throw new VarveError(
        'ERR_VARVE_FORMAT',
        `${this.#what} has version ${version} of its format, but only version ${this.#format.version} can be read`,
        { hint: 'a later release of Varve may read it' },
      )
    }
    this.#hash.update(start)
  }

  async #record(): Promise<Buffer> {
    const frame = await this.#take(4)
    const length = frame.readUInt32LE()
    if (length > LONGEST_RECORD) throw damaged(this.#what, `a record of ${length} bytes is too long`)
    const record = await this.#take(length)
    this.#hash.update(frame)
    this.#hash.update(record)
    return record
  }

  async #take(length: number): Promise<Buffer> {
    if (this.#rest.length < length) await this.#fill(length)
    const bytes = this.#rest.subarray(0, length)
    this.#rest = this.#rest.subarray(length)
    return bytes
  }

  /** Memory grows with what is there, not with what a length says. */
  async #fill(length: number): Promise<void> {
    const pieces = [this.#rest]
    for (let total = this.#rest.length; total < length;) {
      const piece = await this.#nextPiece()
      if (piece === undefined) throw damaged(this.#what, 'it ends too early')
      pieces.push(piece)
      total += piece.length
    }
    this.#rest = Buffer.concat(pieces)
  }

  async #nextPiece(): Promise<Buffer | undefined> {
    for (;;) {
      const next = await this.#pieces.next()
      if (next.done === true) return undefined
      const piece = next.value
      if (piece.length > 0) return Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
    }
  }
}
