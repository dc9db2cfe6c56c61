import { nameFromBytes } from '@varve/platform/file-name'
import { VarveError } from '@varve/platform/errors'

const NANOSECONDS = 1_000_000_000n

/** Reads what {@link ByteWriter} wrote, from bytes that may be anything: each method throws ERR_VARVE_DAMAGED where they end too early or make no sense. */
export class ByteReader {
  readonly #bytes: Buffer
  readonly #what: string
  #at = 0

  /** @param what - names the bytes in messages */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#what = what
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#advance(1))
  }

  u16(): number {
    return this.#bytes.readUInt16LE(this.#advance(2))
  }

  u32(): number {
    return this.#bytes.readUInt32LE(this.#advance(4))
  }

  u64(): bigint {
    return this.#bytes.readBigUInt64LE(this.#advance(8))
  }

  /** A length or count: at most 2^53 - 1. */
  size(): number {
    const value = this.u64()
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.damaged(`a length of ${value} bytes cannot be`)
    return Number(value)
  }

  /** Nanoseconds since 1970. */
  time(): bigint {
    const seconds = this.#bytes.readBigInt64LE(this.#advance(8))
    const fraction = BigInt(this.u32())
    if (fraction >= NANOSECONDS) throw this.damaged(`a second has no ${fraction} nanoseconds`)
    return seconds * NANOSECONDS + fraction
  }

  /** A view of the next bytes, not a copy. */
  raw(length: number): Buffer {
    const start = this.#advance(length)
    return this.#bytes.subarray(start, start + length)
  }

  /** SHA-256 as 64 hexadecimal digits. */
  hash(): string {
    return this.raw(32).toString('hex')
  }

  /** What {@link ByteWriter.path} wrote; any bytes are some path. */
  path(): string {
    return nameFromBytes(this.raw(this.u16()))
  }

  /** Throws ERR_VARVE_DAMAGED unless all bytes have been read. */
  end(): void {
    const left = this.#bytes.length - this.#at
    if (left > 0) throw this.damaged(`${left} bytes too many in a record`)
  }

  /** ERR_VARVE_DAMAGED, for what was read and makes no sense. */
  damaged(why: string): VarveError {
    return damaged(this.#what, why)
  }

  #advance(length: number): number {
    const start = this.#at
    if (length > this.#bytes.length - start) throw this.damaged('a record ends too early')
    this.#at += length
    return start
  }
}

/**
 * ERR_VARVE_DAMAGED for a file that is not what it should be.
 *
 * @param what - the file, as it is named in messages: `the index 'x'`
 * @param why - one sentence without the file
 */
export function damaged(what: string, why: string): VarveError {
  return new VarveError('ERR_VARVE_DAMAGED', `${what} is damaged: ${why}`)
}
