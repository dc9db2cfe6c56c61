import { plainLength, type BlobLocation, type BlobType, type PackContents, type PackedBlob } from './blob.ts'
import { IdTable, ID_WORDS, MAX_FIRST_WORD, type SharedIdTable } from './id-table.ts'
import { idFromBytes, ID_SIZE, type Id } from './id.ts'
import { PackedBlobs } from './packed-blobs.ts'
import { RECORD, RECORD_SIZE, type PackRecords } from './index-scanner.ts'

/** A {@link BlobIndex} as other threads get it: `postMessage` carries it without copying what is in it. */
export interface SharedBlobIndex {
  readonly blobs: SharedIdTable
  readonly packs: SharedIdTable
}

/** A blob in a pack, by its number: as for most of what is asked of all blobs, its id does not matter. */
export interface NumberedBlob extends Omit<PackedBlob, 'id'> {
  /** Number of the blob's first entry, see {@link BlobIndex.entryNumber}. */
  readonly entry: number
}

/** A pack with all blobs that are known to be in it. */
export interface NumberedPack {
  readonly id: Id
  readonly blobs: readonly NumberedBlob[]
}

/** An index file's word on a pack. */
export interface PackNaming {
  readonly pack: Id
  /** Number of the file, 0 where the pack was added without one. */
  readonly file: number
  /** Entries that were not known from another file before. */
  readonly entries: number
}

/** Places of a blob that one more is compared with before it is taken for new: bounds what a hostile index costs. */
const MAX_COMPARED = 64

/**
 * Where every blob lies, in shared memory: 48 bytes an entry and some for finding it. Keeps all entries of a blob that lies in several
 * places; an entry that says exactly what another says is kept once.
 *
 * One thread adds. Another that attaches sees what was there when `shared` was read.
 */
export class BlobIndex {
  /** Words of an entry: pack number, offset, length, length after decompression. */
  readonly #blobs: IdTable
  /**
   * Words of a pack: 0, its first entry, number of entries, number of the file that says so. The entries of one call of `add` are consecutive; a
   * pack that is added again with other contents, or by another file, is another record with the same id.
   */
  readonly #packs: IdTable
  readonly #key = new Uint32Array(ID_WORDS)
  readonly #keyBytes = Buffer.from(this.#key.buffer)

  constructor(shared?: SharedBlobIndex) {
    this.#blobs = new IdTable(shared?.blobs)
    this.#packs = new IdTable(shared?.packs)
  }

  /** The index of another thread, to read. */
  static attach(shared: SharedBlobIndex): BlobIndex {
    return new BlobIndex(shared)
  }

  /** What another thread needs to read the entries that are there now. */
  get shared(): SharedBlobIndex {
    return { blobs: this.#blobs.shared, packs: this.#packs.shared }
  }

  /** Entries of all blobs; they are numbered from 0. */
  get entryCount(): number {
    return this.#blobs.count
  }

  /** Bytes of memory that the index holds. */
  get byteLength(): number {
    return this.#blobs.byteLength + this.#packs.byteLength
  }

  /**
   * Adds the blobs of a pack, but for those that are there with the same place in the same pack.
   * @param file - number of the index file that names the pack, from 1; 0 where none does yet. Files have to come one after the other
   */
  add(pack: PackContents, file = 0): void {
    const [last] = this.#packs.findAll(this.#keyOf(pack.id), 0, 1)
    const blobs = last === undefined ? pack.blobs : pack.blobs.filter((blob) => !this.#hasEntry(pack.id, blob))
    if (last !== undefined && blobs.length === 0 && this.#packs.word(last, 3) === file) return
    const packNumber = this.#addPack(this.#keyOf(pack.id), blobs.length, file)
    for (const { type, id, offset, length, uncompressedLength } of blobs) {
      this.#blobs.add(this.#keyOf(id), kindOf(type), [packNumber, offset, length, uncompressedLength])
    }
  }

  /** As {@link add}. */
  addRecords(pack: PackRecords, file = 0): void {
    if (this.#packs.find(pack.id, 0) !== -1) return this.add(contentsOf(pack), file)
    const { words, count } = pack
    const packNumber = this.#addPack(pack.id, count, file)
    for (let at = 0; at < count * RECORD_SIZE; at += RECORD_SIZE) {
      const kind = words[at + RECORD.kind] ?? 0
      const offset = words[at + RECORD.offset] ?? 0
      const length = words[at + RECORD.length] ?? 0
      this.#blobs.addWords(words, at, kind, packNumber, offset, length, words[at + RECORD.uncompressedLength] ?? 0)
    }
  }

  /** Makes room for so many entries in all. */
  reserve(entries: number): void {
    this.#blobs.reserve(entries)
  }

  /** Whether a blob is anywhere. */
  has(type: BlobType, id: Id): boolean {
    return this.#blobs.find(this.#keyOf(id), kindOf(type)) !== -1
  }

  /** Whether a blob is anywhere, by the 32 bytes of its id at `offset`. */
  hasBytes(type: BlobType, bytes: Uint8Array, offset = 0): boolean {
    return this.entryNumberOfBytes(type, bytes, offset) !== -1
  }

  /** The first place of a blob. */
  lookup(type: BlobType, id: Id): BlobLocation | undefined {
    const number = this.entryNumber(type, id)
    return number === -1 ? undefined : this.#location(number, id)
  }

  /** All places of a blob, in the order in which they were added. */
  lookupAll(type: BlobType, id: Id): readonly BlobLocation[] {
    return this.#blobs.findAll(this.#keyOf(id), kindOf(type)).map((number) => this.#location(number, id))
  }

  /** Number of a blob's first entry, -1 where it has none: sets of blobs can be bitmaps of `entryCount` bits. */
  entryNumber(type: BlobType, id: Id): number {
    return this.#blobs.find(this.#keyOf(id), kindOf(type))
  }

  /** As {@link entryNumber}, by the 32 bytes of its id at `offset`. */
  entryNumberOfBytes(type: BlobType, bytes: Uint8Array, offset = 0): number {
    for (let i = 0; i < ID_SIZE; i++) this.#keyBytes[i] = bytes[offset + i] ?? 0
    return this.#blobs.find(this.#key, kindOf(type))
  }

  /** Bytes of an entry's content, before compression. */
  plainLength(entry: number): number {
    return plainLength({ length: this.#blobs.word(entry, 2), uncompressedLength: this.#blobs.word(entry, 3) })
  }

  /** All packs, each once, in the order in which they were added. */
  *packs(): Generator<PackContents, void, undefined> {
    for (const id of this.#packNumbers()) yield this.#contents(id)
  }

  /** Ids of all packs, each once, in the order in which they were added. */
  packIds(): readonly Id[] {
    return Array.from(this.#packNumbers())
  }

  /** Which files name which packs: of each pack as many as there are files that name it, or more. */
  *namings(): Generator<PackNaming, void, undefined> {
    for (let number = 0; number < this.#packs.count; number++) {
      yield { pack: this.#packs.id(number), file: this.#packs.word(number, 3), entries: this.#packs.word(number, 2) }
    }
  }

  /** A pack with all blobs that are known to be in it. */
  pack(id: Id): PackContents | undefined {
    return this.#packs.find(this.#keyOf(id), 0) === -1 ? undefined : this.#contents(id)
  }

  /** As {@link packs}, in a third of the time. */
  *numberedPacks(): Generator<NumberedPack, void, undefined> {
    for (const id of this.#packNumbers()) yield this.#numbered(id)
  }

  /** As {@link pack}. */
  numberedPack(id: Id): NumberedPack | undefined {
    return this.#packs.find(this.#keyOf(id), 0) === -1 ? undefined : this.#numbered(id)
  }

  /** As {@link pack}, without objects, in the order in which they lie; there are none of a pack that is not known. */
  packedBlobs(id: Id): PackedBlobs {
    const numbers = Uint32Array.from(this.#numbersIn(id))
    // They nearly always are in order, which sorting need not find out.
    if (!this.#isInOrder(numbers)) numbers.sort((a, b) => this.#blobs.word(a, 1) - this.#blobs.word(b, 1))
    const packed = new PackedBlobs()
    const words = new Uint32Array(ID_WORDS)
    for (const number of numbers) {
      this.#blobs.copyId(number, words, 0)
      const type = this.#blobs.kind(number) === 0 ? 'data' : 'tree'
      packed.addWithWords(
        type,
        words,
        this.#blobs.word(number, 1),
        this.#blobs.word(number, 2),
        this.#blobs.word(number, 3),
      )
    }
    return packed
  }

  #isInOrder(numbers: Uint32Array): boolean {
    for (let at = 1; at < numbers.length; at++) {
      if (this.#blobs.word(numbers[at - 1] ?? 0, 1) > this.#blobs.word(numbers[at] ?? 0, 1)) return false
    }
    return true
  }

  #addPack(id: Uint32Array, blobs: number, file: number): number {
    const number = this.#packs.add(id, 0, [0, this.#blobs.count, blobs, file])
    if (number > MAX_FIRST_WORD) throw new Error('the index has no room for more packs')
    return number
  }

  *#packNumbers(): Generator<Id, void, undefined> {
    for (let number = 0; number < this.#packs.count; number++) {
      const id = this.#packs.id(number)
      if (this.#packs.find(this.#keyOf(id), 0) === number) yield id
    }
  }

  #contents(id: Id): PackContents {
    return { id, blobs: this.#numbersIn(id).map((number) => this.#blob(number, this.#blobs.id(number))) }
  }

  #numbered(id: Id): NumberedPack {
    const blobs = this.#numbersIn(id).map((number) => ({
      entry: this.#blobs.first(number),
      type: this.#type(number),
      offset: this.#blobs.word(number, 1),
      length: this.#blobs.word(number, 2),
      uncompressedLength: this.#blobs.word(number, 3),
    }))
    return { id, blobs }
  }

  /** Numbers of the entries of a pack. */
  #numbersIn(id: Id): readonly number[] {
    const numbers: number[] = []
    for (const run of this.#packs.findAll(this.#keyOf(id), 0)) {
      const first = this.#packs.word(run, 1)
      const end = first + this.#packs.word(run, 2)
      for (let number = first; number < end; number++) numbers.push(number)
    }
    return numbers
  }

  #type(number: number): BlobType {
    return this.#blobs.kind(number) === 0 ? 'data' : 'tree'
  }

  #hasEntry(pack: Id, blob: PackedBlob): boolean {
    const entries = this.#blobs.findAll(this.#keyOf(blob.id), kindOf(blob.type), MAX_COMPARED)
    return entries.some((number) => {
      const known = this.#location(number, blob.id)
      return (
        known.pack === pack &&
        known.offset === blob.offset &&
        known.length === blob.length &&
        known.uncompressedLength === blob.uncompressedLength
      )
    })
  }

  #location(number: number, id: Id): BlobLocation {
    return { ...this.#blob(number, id), pack: this.#packs.id(this.#blobs.word(number, 0)) }
  }

  #blob(number: number, id: Id): PackedBlob {
    return {
      type: this.#type(number),
      id,
      offset: this.#blobs.word(number, 1),
      length: this.#blobs.word(number, 2),
      uncompressedLength: this.#blobs.word(number, 3),
    }
  }

  /** The words of an id; valid until the next call. */
  #keyOf(id: Id): Uint32Array {
    this.#keyBytes.write(id, 'hex')
    return this.#key
  }
}

/** What records say, as objects. */
export function contentsOf({ id, words, count }: PackRecords): PackContents {
  const blobs: PackedBlob[] = []
  for (let at = 0; at < count * RECORD_SIZE; at += RECORD_SIZE) {
    blobs.push({
      type: words[at + RECORD.kind] === 0 ? 'data' : 'tree',
      id: idFromWords(words, at),
      offset: words[at + RECORD.offset] ?? 0,
      length: words[at + RECORD.length] ?? 0,
      uncompressedLength: words[at + RECORD.uncompressedLength] ?? 0,
    })
  }
  return { id: idFromWords(id, 0), blobs }
}

/** An id from its words, which start at `at`. */
export function idFromWords(words: Uint32Array, at: number): Id {
  return idFromBytes(new Uint8Array(words.buffer), words.byteOffset + at * 4)
}

function kindOf(type: BlobType): 0 | 1 {
  return type === 'data' ? 0 : 1
}
