import { createHash } from 'node:crypto'

/** Bytes of the checksum at the end of a file of records. */
export const CHECKSUM_LENGTH = 32

/**
 * Writes a file of records: eight bytes that name the kind of file, its version (16 bits), records (length in 32 bits, then bytes; none is empty), an
 * empty record, a footer (like a record), and SHA-256 of all that. Numbers are little-endian.
 */
export class RecordEncoder {
  readonly #hash = createHash('sha256')
  #pieces: Buffer[] = []
  #pending = 0

  /** @param magic - eight ASCII characters */
  constructor(magic: string, version: number) {
    const start = Buffer.alloc(10)
    start.write(magic, 'latin1')
    start.writeUInt16LE(version, 8)
    this.#push(start)
  }

  /** Bytes that wait for {@link take}. */
  get pending(): number {
    return this.#pending
  }

  /** Appends a record, which is copied. */
  add(record: Uint8Array): void {
    if (record.length === 0) throw new Error('a record has at least one byte')
    this.#frame(record)
  }

  /** Appends footer and checksum. Nothing can be added afterwards. */
  finish(footer: Uint8Array): void {
    this.#push(Buffer.alloc(4))
    this.#frame(footer)
    this.#pieces.push(this.#hash.digest())
    this.#pending += CHECKSUM_LENGTH
  }

  /** Hands over the bytes that were made since the last call. */
  take(): Buffer {
    const bytes = Buffer.concat(this.#pieces, this.#pending)
    this.#pieces = []
    this.#pending = 0
    return bytes
  }

  #frame(record: Uint8Array): void {
    const framed = Buffer.allocUnsafe(4 + record.length)
    framed.writeUInt32LE(record.length)
    framed.set(record, 4)
    this.#push(framed)
  }

  #push(bytes: Buffer): void {
    this.#hash.update(bytes)
    this.#pieces.push(bytes)
    this.#pending += bytes.length
  }
}
