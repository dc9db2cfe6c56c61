import { nameToBytes } from '@varve/platform/file-name'

const NANOSECONDS = 1_000_000_000n

/** Appends numbers and bytes to a buffer that grows. All numbers are little-endian. */
export class ByteWriter {
  #buffer = Buffer.allocUnsafe(1024)
  #length = 0

  /** What was written so far; valid until the next call. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  /** Forgets what was written. */
  clear(): void {
    this.#length = 0
  }

  u8(value: number): void {
    this.#reserve(1)
    this.#length = this.#buffer.writeUInt8(value, this.#length)
  }

  u16(value: number): void {
    this.#reserve(2)
    this.#length = this.#buffer.writeUInt16LE(value, this.#length)
  }

  u32(value: number): void {
    this.#reserve(4)
    this.#length = this.#buffer.writeUInt32LE(value, this.#length)
  }

  u64(value: bigint): void {
    this.#reserve(8)
    this.#length = this.#buffer.writeBigUInt64LE(value, this.#length)
  }

  /** A moment: whole seconds since 1970 (64 bits, signed, rounded down), then nanoseconds (32 bits). */
  time(nanoseconds: bigint): void {
    const fraction = ((nanoseconds % NANOSECONDS) + NANOSECONDS) % NANOSECONDS
    this.#reserve(12)
    this.#length = this.#buffer.writeBigInt64LE((nanoseconds - fraction) / NANOSECONDS, this.#length)
    this.#length = this.#buffer.writeUInt32LE(Number(fraction), this.#length)
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** A hash given as hexadecimal digits. */
  hash(hex: string): void {
    this.raw(Buffer.from(hex, 'hex'))
  }

  /** A path, name or text: its length in bytes (16 bits), then its bytes. */
  path(path: string): void {
    const bytes = nameToBytes(path)
    this.u16(bytes.length)
    this.raw(bytes)
  }

  #reserve(length: number): void {
    if (this.#length + length <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#length + length, 2 * this.#buffer.length))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}
