import { SEAL_OVERHEAD } from './blob.ts'
import { ID_SIZE } from './id.ts'
import { JsonScanner, literal } from './json-scanner.ts'

/** Words of a blob in {@link PackRecords}: its id, then these. */
export const RECORD = { kind: 8, offset: 9, length: 10, uncompressedLength: 11 } as const

/** Words of a blob. */
export const RECORD_SIZE = 12

const PACK = literal('{"id":"')
const BLOBS = literal('","blobs":[')
const BLOB = literal('{"id":"')
const DATA = literal('","type":"data","offset":')
const TREE = literal('","type":"tree","offset":')
const LENGTH = literal(',"length":')
const UNCOMPRESSED_LENGTH = literal(',"uncompressed_length":')

const MAX_NUMBER = 0xffff_ffff
const COMMA = 0x2c
const OBJECT_END = 0x7d
const ARRAY_END = 0x5d

/** Values of hexadecimal digits; more than four bits for what is none. */
const HEX = new Uint8Array(256).fill(0xff)
for (let value = 0; value < 16; value++) HEX[value.toString(16).charCodeAt(0)] = value

/** What an index file says of a pack: words, so that an index of millions of blobs makes no garbage. Valid until the next pack is read. */
export interface PackRecords {
  /** Words of the pack's id. */
  readonly id: Uint32Array
  readonly count: number
  /** {@link RECORD_SIZE} words of each blob. */
  readonly words: Uint32Array
}

/**
 * Reads what index files say of packs as every known client writes it: these fields in this order, without white space. What is written in any
 * other way it leaves to those who read everything; what it accepts they would accept as well.
 */
export class IndexScanner extends JsonScanner implements PackRecords {
  readonly id = new Uint32Array(ID_SIZE / 4)
  count = 0
  words = new Uint32Array(1024 * RECORD_SIZE)
  readonly #idBytes = new Uint8Array(this.id.buffer)
  #recordBytes = new Uint8Array(this.words.buffer)

  /**
   * Reads the pack that starts at `start`.
   * @returns where it ends, -1 where it is not written so
   */
  scan(start: number): number {
    const bytes = this.bytes
    this.at = start
    this.good = true
    this.count = 0
    if (!this.skip(PACK)) return -1
    this.#hex(this.#idBytes, 0)
    if (!this.skip(BLOBS)) return -1
    if (bytes[this.at] !== ARRAY_END) {
      for (;;) {
        this.#blob()
        if (!this.good) return -1
        if (bytes[this.at] !== COMMA) break
        this.at++
      }
    }
    if (!this.good || bytes[this.at] !== ARRAY_END || bytes[this.at + 1] !== OBJECT_END) return -1
    return this.at + 2
  }

  #blob(): void {
    const bytes = this.bytes
    const base = this.count * RECORD_SIZE
    if (base === this.words.length) this.#grow()
    if (!this.skip(BLOB)) this.good = false
    this.#hex(this.#recordBytes, base * 4)
    const words = this.words
    if (this.skip(DATA)) words[base + RECORD.kind] = 0
    else if (this.skip(TREE)) words[base + RECORD.kind] = 1
    else this.good = false
    words[base + RECORD.offset] = this.number(MAX_NUMBER)
    if (!this.skip(LENGTH)) this.good = false
    const length = this.number(MAX_NUMBER)
    words[base + RECORD.length] = length
    if (length < SEAL_OVERHEAD) this.good = false
    words[base + RECORD.uncompressedLength] = this.skip(UNCOMPRESSED_LENGTH) ? this.number(MAX_NUMBER) : 0
    if (bytes[this.at++] !== OBJECT_END) this.good = false
    this.count++
  }

  #hex(target: Uint8Array, offset: number): void {
    const bytes = this.bytes
    let at = this.at
    let all = 0
    for (let i = 0; i < ID_SIZE; i++) {
      const high = HEX[bytes[at] ?? 0] ?? 0xff
      const low = HEX[bytes[at + 1] ?? 0] ?? 0xff
      all |= high | low
      target[offset + i] = (high << 4) | low
      at += 2
    }
    if (all > 0xf) this.good = false
    this.at = at
  }

  #grow(): void {
    const larger = new Uint32Array(this.words.length * 2)
    larger.set(this.words)
    this.words = larger
    this.#recordBytes = new Uint8Array(larger.buffer)
  }
}
