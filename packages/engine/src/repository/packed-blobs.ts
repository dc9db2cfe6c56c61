import type { BlobType, PackedBlob } from './blob.ts'
import { ID_SIZE, idFromBytes, type Id } from './id.ts'

/** Words before the id: kind, offset, length, length before compression. */
const NUMBERS = 4
const RECORD_WORDS = NUMBERS + ID_SIZE / 4
const FIRST_RECORDS = 64

/**
 * The blobs of a pack, in one piece of memory that can be handed to another thread: as objects, those of small files would take several
 * times as much, and keep the collection of garbage busy.
 */
export class PackedBlobs {
  #words: Uint32Array<ArrayBuffer>
  #bytes: Buffer
  #count: number

  /** @param records - the `records` of another thread's blobs */
  constructor(records: Uint32Array<ArrayBuffer> = new Uint32Array(0)) {
    this.#words = records
    this.#bytes = bytesOf(records)
    this.#count = records.length / RECORD_WORDS
  }

  /** Some blobs that there are objects of. */
  static of(blobs: Iterable<PackedBlob>): PackedBlobs {
    const packed = new PackedBlobs()
    for (const { type, id, offset, length, uncompressedLength } of blobs) {
      packed.add(type, id, offset, length, uncompressedLength)
    }
    return packed
  }

  /** The same, in the order in which they lie. */
  static inOrder(blobs: readonly PackedBlob[]): PackedBlobs {
    return PackedBlobs.of(blobs.toSorted((a, b) => a.offset - b.offset))
  }

  /** How many there are. */
  get count(): number {
    return this.#count
  }

  /** All of them, in memory of their own. */
  get records(): Uint32Array<ArrayBuffer> {
    return this.#words.slice(0, this.#count * RECORD_WORDS)
  }

  /** Adds a blob behind the others. */
  add(type: BlobType, id: Id, offset: number, length: number, uncompressedLength: number): void {
    const at = this.#addNumbers(type, offset, length, uncompressedLength)
    this.#bytes.write(id, at * 4, 'hex')
  }

  /** As {@link add}, of a blob whose id is there in words: as its bytes lie in memory. */
  addWithWords(type: BlobType, id: Uint32Array, offset: number, length: number, uncompressedLength: number): void {
    const at = this.#addNumbers(type, offset, length, uncompressedLength)
    this.#words.set(id, at)
  }

  /** Forgets all of them, and keeps the memory. */
  clear(): void {
    this.#count = 0
  }

  /** What the blob of that number holds. */
  type(number: number): BlobType {
    return this.#word(number, 0) === 0 ? 'data' : 'tree'
  }

  /** Its bytes from the start of the pack. */
  offset(number: number): number {
    return this.#word(number, 1)
  }

  /** Its bytes in the pack. */
  length(number: number): number {
    return this.#word(number, 2)
  }

  /** Its bytes after decompression; 0 where it is not compressed. */
  uncompressedLength(number: number): number {
    return this.#word(number, 3)
  }

  /** All that is known of it. */
  blob(number: number): PackedBlob {
    return {
      type: this.type(number),
      id: idFromBytes(this.#bytes, this.#idAt(number)),
      offset: this.offset(number),
      length: this.length(number),
      uncompressedLength: this.uncompressedLength(number),
    }
  }

  /** All of them. */
  blobs(): readonly PackedBlob[] {
    return Array.from({ length: this.#count }, (_, number) => this.blob(number))
  }

  /** Some of them that follow each other, in memory of their own. */
  slice(from: number, to: number): PackedBlobs {
    return new PackedBlobs(this.#words.slice(from * RECORD_WORDS, to * RECORD_WORDS))
  }

  /** Whether its id is these bytes. @param id - a character a byte */
  hasId(number: number, id: string): boolean {
    const at = this.#idAt(number)
    for (let byte = 0; byte < ID_SIZE; byte++) if (id.charCodeAt(byte) !== this.#bytes[at + byte]) return false
    return true
  }

  /** Whether its id is what lies at a place of some bytes. */
  hasIdAt(number: number, bytes: Uint8Array, place: number): boolean {
    const at = this.#idAt(number)
    for (let byte = 0; byte < ID_SIZE; byte++) if (bytes[place + byte] !== this.#bytes[at + byte]) return false
    return true
  }

  /** Copies the bytes of its id. */
  copyId(number: number, target: Uint8Array, targetAt: number): void {
    const at = this.#idAt(number)
    for (let byte = 0; byte < ID_SIZE; byte++) target[targetAt + byte] = this.#bytes[at + byte] ?? 0
  }

  #word(number: number, word: number): number {
    const value = this.#words[number * RECORD_WORDS + word]
    if (value === undefined || number >= this.#count) throw new Error(`no blob ${number}`)
    return value
  }

  #idAt(number: number): number {
    return (number * RECORD_WORDS + NUMBERS) * 4
  }

  /** @returns where the words of the id belong */
  #addNumbers(type: BlobType, offset: number, length: number, uncompressedLength: number): number {
    const at = this.#count++ * RECORD_WORDS
    if (at === this.#words.length) this.#grow()
    const words = this.#words
    words[at] = type === 'data' ? 0 : 1
    words[at + 1] = offset
    words[at + 2] = length
    words[at + 3] = uncompressedLength
    return at + NUMBERS
  }

  #grow(): void {
    const grown = new Uint32Array(Math.max(FIRST_RECORDS * RECORD_WORDS, this.#words.length * 2))
    grown.set(this.#words)
    this.#words = grown
    this.#bytes = bytesOf(grown)
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array<ArrayBuffer>): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
