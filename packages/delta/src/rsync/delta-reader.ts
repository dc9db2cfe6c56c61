import { createHash } from 'node:crypto'
import { VarveError } from '@varve/platform/errors'
import type { ByteStream } from './byte-stream.ts'
import { DELTA_CHECKSUM_LENGTH, DELTA_MAGIC, DIGEST_LENGTH } from './delta-format.ts'
import { addLength, damagedDelta, DeltaInput, GREATEST_FILE_SIZE, requireWithin } from './delta-input.ts'
import type { DeltaInstruction } from './delta-instruction.ts'
import { VarintReader } from './varint.ts'

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
  readonly #checksum = createHash('sha256')
  readonly #input: DeltaInput
  #baseSize: number | undefined
  #summed = false

  constructor(delta: ByteStream) {
    this.#input = new DeltaInput(delta, (bytes) => {
      if (!this.#summed) this.#checksum.update(bytes)
    })
  }

  /**
   * Which file the delta is for.
   *
   * @throws ERR_VARVE_DAMAGED; ERR_VARVE_FORMAT where this is no delta, or one of a later version
   */
  async header(): Promise<FileIdentity> {
    const magic = await this.#input.exactly(DELTA_MAGIC.length, 'its beginning')
    if (!magic.subarray(0, 4).every((byte, i) => byte === DELTA_MAGIC[i])) {
      throw new VarveError('ERR_VARVE_FORMAT', 'this is no delta: it does not begin like one')
    }
    if (magic[4] !== DELTA_MAGIC[4]) {
      throw new VarveError('ERR_VARVE_FORMAT', `this delta has version ${magic[4]} of the format, which is not known`, {
        hint: 'a later version of Varve may know it',
      })
    }
    const size = await this.#size('the length of the old file')
    this.#baseSize = size
    return { size, digest: await this.#digest('the hash of the old file') }
  }

  /** The instructions, each within the bounds of the old file. Returns which file they make, once the delta's checksum is known to be right. */
  async *instructions(): AsyncGenerator<DeltaInstruction, FileIdentity, undefined> {
    if (this.#baseSize === undefined) throw new Error('the header of a delta comes first')
    let copied = 0
    let made = 0
    for (;;) {
      const head = await this.#varint('an instruction')
      if (head === 0) break
      const length = Math.floor(head / 2)
      made = addLength(made, length)
      if (head % 2 === 1) {
        const distance = await this.#varint('where a copy begins')
        const offset = copied + (distance % 2 === 1 ? -(distance + 1) / 2 : distance / 2)
        requireWithin(offset, length, this.#baseSize)
        yield { kind: 'copy', offset, length }
        copied = offset + length
      } else {
        for (let rest = length; rest > 0;) {
          const bytes = await this.#input.some(rest, 'a literal')
          rest -= bytes.length
          yield { kind: 'literal', bytes }
        }
      }
    }
    const size = await this.#size('the length of the new file')
    if (size !== made) throw damagedDelta(`instructions for ${made} bytes are to make a file of ${size}`)
    const digest = await this.#digest('the hash of the new file')
    this.#input.pass()
    this.#summed = true
    const checksum = this.#checksum.digest().subarray(0, DELTA_CHECKSUM_LENGTH)
    if (!checksum.equals(await this.#input.exactly(DELTA_CHECKSUM_LENGTH, 'its checksum'))) {
      throw damagedDelta('its checksum is wrong')
    }
    await this.#input.requireEnd()
    return { size, digest }
  }

  /** Says that nothing more is wanted. */
  async close(): Promise<void> {
    await this.#input.close()
  }

  async #digest(what: string): Promise<Uint8Array> {
    return Uint8Array.from(await this.#input.exactly(DIGEST_LENGTH, what))
  }

  async #size(what: string): Promise<number> {
    const size = await this.#varint(what)
    if (size > GREATEST_FILE_SIZE) throw damagedDelta(`${what} is ${size}`)
    return size
  }

  async #varint(what: string): Promise<number> {
    const reader = new VarintReader()
    for (;;) {
      const value = reader.take(await this.#input.byte(what))
      if (value === 'invalid') throw damagedDelta(`${what} is no number`)
      if (value !== undefined) return value
    }
  }
}
