import { idToBytes, ID_SIZE, type Id } from './id.ts'
import { PackedBlobs } from './packed-blobs.ts'

const HEX_DIGITS = Buffer.from('0123456789abcdef')
const ZERO = 0x30

/** The fixed parts of an index file's text. */
const PART = {
  start: Buffer.from('{"packs":['),
  pack: Buffer.from('{"id":"'),
  blobs: Buffer.from('","blobs":['),
  blob: Buffer.from('{"id":"'),
  data: Buffer.from('","type":"data","offset":'),
  tree: Buffer.from('","type":"tree","offset":'),
  length: Buffer.from(',"length":'),
  uncompressedLength: Buffer.from(',"uncompressed_length":'),
  comma: Buffer.from(','),
  endOfBlob: Buffer.from('}'),
  endOfPack: Buffer.from(']}'),
  end: Buffer.from(']}\n'),
} as const

/** Digits of a 32-bit number, at most. */
const MAX_DIGITS = 10
/** More than any blob takes, or a pack without its blobs, or the rest: the parts, an id in hexadecimal, three numbers. */
const MOST_BYTES = Object.values(PART).reduce((sum, { length }) => sum + length, 2 * ID_SIZE + 3 * MAX_DIGITS)

/** The JSON text of an index file while it is written, byte by byte: tens of thousands of blobs leave no strings behind. */
export class IndexText {
  readonly #bytes: Buffer
  #end = 0
  #packs = 0

  /** @param packs - that will be added, with so many `blobs` together */
  constructor(packs: number, blobs: number) {
    // What is not written to takes no memory.
    this.#bytes = Buffer.allocUnsafeSlow((1 + packs + blobs) * MOST_BYTES)
    this.#put(PART.start)
  }

  /** Adds a pack behind the others. */
  add(pack: Id, blobs: PackedBlobs): void {
    if (this.#packs++ > 0) this.#put(PART.comma)
    this.#put(PART.pack)
    this.#putHex(idToBytes(pack))
    this.#put(PART.blobs)
    const id = new Uint8Array(ID_SIZE)
    for (let blob = 0; blob < blobs.count; blob++) {
      if (blob > 0) this.#put(PART.comma)
      blobs.copyId(blob, id, 0)
      this.#put(PART.blob)
      this.#putHex(id)
      this.#put(blobs.type(blob) === 'data' ? PART.data : PART.tree)
      this.#putNumber(blobs.offset(blob))
      this.#put(PART.length)
      this.#putNumber(blobs.length(blob))
      const uncompressedLength = blobs.uncompressedLength(blob)
      if (uncompressedLength !== 0) {
        this.#put(PART.uncompressedLength)
        this.#putNumber(uncompressedLength)
      }
      this.#put(PART.endOfBlob)
    }
    this.#put(PART.endOfPack)
  }

  /** The whole text. Nothing can be added any more. */
  finish(): Buffer {
    this.#put(PART.end)
    return this.#bytes.subarray(0, this.#end)
  }

  #put(part: Uint8Array): void {
    const { length } = part
    for (let at = 0; at < length; at++) this.#bytes[this.#end + at] = part[at] ?? 0
    this.#end += length
  }

  #putHex(id: Uint8Array): void {
    for (const byte of id) {
      this.#bytes[this.#end++] = HEX_DIGITS[byte >> 4] ?? 0
      this.#bytes[this.#end++] = HEX_DIGITS[byte & 15] ?? 0
    }
  }

  #putNumber(number: number): void {
    let digits = 1
    for (let rest = number; rest >= 10; rest = Math.floor(rest / 10)) digits++
    this.#end += digits
    let at = this.#end
    for (let rest = number; digits > 0; digits--) {
      const shorter = Math.floor(rest / 10)
      this.#bytes[--at] = ZERO + rest - shorter * 10
      rest = shorter
    }
  }
}
