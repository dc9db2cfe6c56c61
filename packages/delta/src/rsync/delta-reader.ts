import { createHash } from 'node:crypto'
import { VarveError } from '@varve/platform/errors'
import { StreamReader, type ByteStream } from './byte-stream.ts'
import { DELTA_CHECKSUM_LENGTH, DELTA_MAGIC, DIGEST_LENGTH, GREATEST_FILE_SIZE } from './delta-format.ts'
import type { DeltaInstruction } from './delta-instruction.ts'
import { VarintReader } from './varint.ts'

/** Bytes that are read at once. */
const PIECE = 128 * 1024

/** Which file a delta is for, or which one it makes. */
export interface FileIdentity {
  /** Bytes. */
  readonly size: number
  /** SHA-256 of the content, 32 bytes. */
  readonly digest: Uint8Array
}

/**
 * Reads a delta from the front to the end: first `header`, then `instructions`, which says at its end which file the delta makes. Whatever is not as the
 * format says is refused with ERR_VARVE_DAMAGED: bounds are checked as instructions are read, the checksum at the end.
 */
export class DeltaReader {
  readonly #stream: StreamReader
  readonly #checksum = createHash('sha256')
  readonly #buffer = new Uint8Array(PIECE)
  /** What is in the buffer and not yet taken; what is not yet part of the checksum. */
  #start = 0
  #end = 0
  #unchecked = 0
  #base: FileIdentity | undefined

  constructor(delta: ByteStream) {
    this.#stream = new StreamReader(delta)
  }

  /**
   * Which file the delta is for.
   *
   * @throws ERR_VARVE_DAMAGED; ERR_VARVE_FORMAT where this is no delta, or one of a later version
   */
  async header(): Promise<FileIdentity> {
    const magic = Uint8Array.from(await this.#bytes(DELTA_MAGIC.length))
    if (!magic.subarray(0, 4).every((byte, i) => byte === DELTA_MAGIC[i])) {
      throw new VarveError('ERR_VARVE_FORMAT', 'this is no delta: it does not begin like one')
    }
    if (magic[4] !== DELTA_MAGIC[4]) {
      throw new VarveError('ERR_VARVE_FORMAT', `this delta has version ${magic[4]} of the format, which is not known`, {
        hint: 'a later version of Varve may know it',
      })
    }
    const size = await this.#size('the length of the old file')
    this.#base = { size, digest: Uint8Array.from(await this.#bytes(DIGEST_LENGTH)) }
    return this.#base
  }

  /** The instructions, each within the bounds of the old file. Returns which file they make, once the delta's checksum is known to be right. */
  async *instructions(): AsyncGenerator<DeltaInstruction, FileIdentity, undefined> {
    if (this.#base === undefined) throw new Error('the header of a delta comes first')
    const baseSize = this.#base.size
    let copied = 0
    let made = 0
    for (;;) {
      const head = await this.#varint('an instruction')
      if (head === 0) break
      const length = Math.floor(head / 2)
      made += length
      if (length === 0 || made > GREATEST_FILE_SIZE) throw damaged(`an instruction is for ${length} bytes`)
      if (head % 2 === 1) {
        const distance = await this.#varint('where a copy begins')
        const offset = copied + (distance % 2 === 1 ? -(distance + 1) / 2 : distance / 2)
        if (offset < 0 || offset + length > baseSize) {
          throw damaged(`${length} bytes from ${offset} are wanted of an old file of ${baseSize} bytes`)
        }
        yield { kind: 'copy', offset, length }
        copied = offset + length
      } else {
        for (let rest = length; rest > 0;) {
          if (this.#start === this.#end) await this.#more('a literal')
          const bytes = this.#buffer.subarray(this.#start, Math.min(this.#end, this.#start + rest))
          this.#start += bytes.length
          rest -= bytes.length
          yield { kind: 'literal', bytes }
        }
      }
    }
    const size = await this.#size('the length of the new file')
    if (size !== made) throw damaged(`instructions for ${made} bytes are to make a file of ${size}`)
    const digest = Uint8Array.from(await this.#bytes(DIGEST_LENGTH))
    await this.#requireChecksum()
    return { size, digest }
  }

  /** Says that nothing more is wanted. */
  async close(): Promise<void> {
    await this.#stream.close()
  }

  async #requireChecksum(): Promise<void> {
    while (this.#end - this.#start < DELTA_CHECKSUM_LENGTH) await this.#more('its checksum')
    this.#check()
    const expected = this.#checksum.digest()
    const found = await this.#bytes(DELTA_CHECKSUM_LENGTH)
    if (!expected.subarray(0, DELTA_CHECKSUM_LENGTH).equals(found)) throw damaged('its checksum is wrong')
    if (this.#start < this.#end || (await this.#stream.read(this.#buffer)) > 0)
      throw damaged('something follows its end')
  }

  async #size(what: string): Promise<number> {
    const size = await this.#varint(what)
    if (size > GREATEST_FILE_SIZE) throw damaged(`${what} is ${size}`)
    return size
  }

  async #varint(what: string): Promise<number> {
    const reader = new VarintReader()
    for (;;) {
      if (this.#start === this.#end) await this.#more(what)
      const value = reader.take(this.#buffer[this.#start++] ?? 0)
      if (value === 'invalid') throw damaged(`${what} is no number`)
      if (value !== undefined) return value
    }
  }

  /** The next `length` bytes, few, which last until something is read again. */
  async #bytes(length: number): Promise<Uint8Array> {
    while (this.#end - this.#start < length) await this.#more('its end')
    this.#start += length
    return this.#buffer.subarray(this.#start - length, this.#start)
  }

  async #more(what: string): Promise<void> {
    this.#check()
    this.#buffer.copyWithin(0, this.#start, this.#end)
    this.#end -= this.#start
    this.#unchecked -= this.#start
    this.#start = 0
    const count = await this.#stream.read(this.#buffer.subarray(this.#end))
    if (count === 0) throw damaged(`it ends before ${what} is complete`)
    this.#end += count
  }

  /** What has been taken becomes part of the checksum. */
  #check(): void {
    this.#checksum.update(this.#buffer.subarray(this.#unchecked, this.#start))
    this.#unchecked = this.#start
  }
}

function damaged(what: string): VarveError {
  return new VarveError('ERR_VARVE_DAMAGED', `the delta is damaged: ${what}`)
}
