import { SEAL_OVERHEAD, type BlobLocation } from '../repository/blob.ts'
import { idFromBytes, ID_SIZE, type Id } from '../repository/id.ts'
import { GrowingMemory, type ColumnMemory } from './columns.ts'

/** {@link PlannedPieces} as other threads get it: `postMessage` carries it without copying the columns. */
export interface SharedPieces {
  readonly columns: Columns
  readonly count: number
}

type Columns = ReturnType<typeof makeColumns>

const FIRST_CAPACITY = 256

/**
 * The pieces of content of a plan's files, in columns: 61 bytes a piece. A piece is a blob at a place in a file. They are numbered
 * from 0; those of a file are consecutive and in order.
 */
export class PlannedPieces {
  readonly #memory = new GrowingMemory()
  #columns: Columns
  #count: number
  readonly #packs: Id[] = []
  readonly #packNumbers = new Map<Id, number>()

  constructor(shared?: SharedPieces) {
    this.#columns = shared?.columns ?? makeColumns(this.#memory.grow(FIRST_CAPACITY), FIRST_CAPACITY)
    this.#count = shared?.count ?? 0
  }

  /** The pieces of another thread, to read. It does not know the ids of packs. */
  static attach(shared: SharedPieces): PlannedPieces {
    return new PlannedPieces(shared)
  }

  /** What another thread needs to read the pieces that there are now. */
  share(): SharedPieces {
    return { columns: this.#columns, count: this.#count }
  }

  /** Attached pieces: knows from now on those that the other thread has added. */
  follow({ columns, count }: SharedPieces): void {
    this.#columns = columns
    this.#count = count
  }

  get count(): number {
    return this.#count
  }

  /** The packs that the pieces lie in, in the order in which the files need them; {@link packNumber} counts these. */
  get packs(): readonly Id[] {
    return this.#packs
  }

  /**
   * Adds a piece, to be written unless `setWanted` says otherwise.
   * @param entry - the file
   * @param fileOffset - where in the file it starts
   * @param blob - where its content lies
   */
  add(entry: number, fileOffset: number, blob: BlobLocation): void {
    const number = this.#count
    if (number === this.#columns.entry.length) {
      this.#columns = makeColumns(this.#memory.grow(number * 2), number * 2)
    }
    const columns = this.#columns
    columns.entry[number] = entry
    columns.fileOffset[number] = fileOffset
    columns.pack[number] = this.#numberOf(blob.pack)
    columns.packOffset[number] = blob.offset
    columns.length[number] = blob.length
    columns.uncompressedLength[number] = blob.uncompressedLength
    columns.wanted[number] = 1
    this.#idBytes(number).write(blob.id, 'hex')
    this.#count++
  }

  /** The file that a piece belongs to. */
  entry(piece: number): number {
    return this.#columns.entry[piece] ?? 0
  }

  /** Where in its file a piece starts. */
  fileOffset(piece: number): number {
    return this.#columns.fileOffset[piece] ?? 0
  }

  /** Number of the pack that a piece lies in. */
  packNumber(piece: number): number {
    return this.#columns.pack[piece] ?? 0
  }

  /** Where in its pack a piece starts. */
  packOffset(piece: number): number {
    return this.#columns.packOffset[piece] ?? 0
  }

  /** Bytes of a piece in its pack. */
  packedLength(piece: number): number {
    return this.#columns.length[piece] ?? 0
  }

  /** Bytes of a piece's blob after decompression; 0 where it is not compressed. */
  uncompressedLength(piece: number): number {
    return this.#columns.uncompressedLength[piece] ?? 0
  }

  /** Bytes of a piece in its file. */
  length(piece: number): number {
    const uncompressed = this.uncompressedLength(piece)
    return uncompressed === 0 ? Math.max(0, this.packedLength(piece) - SEAL_OVERHEAD) : uncompressed
  }

  /** Whether two pieces have the same content in the same place. */
  areSameBlob(a: number, b: number): boolean {
    return a === b || (this.packOffset(a) === this.packOffset(b) && this.#idBytes(a).equals(this.#idBytes(b)))
  }

  /** Whether the id of a piece's blob is these bytes. @param id - a character a byte */
  hasId(piece: number, id: string): boolean {
    const { id: bytes } = this.#columns
    const at = piece * ID_SIZE
    for (let byte = 0; byte < ID_SIZE; byte++) if (id.charCodeAt(byte) !== bytes[at + byte]) return false
    return true
  }

  id(piece: number): Id {
    return idFromBytes(this.#columns.id, piece * ID_SIZE)
  }

  /** A copy of the 32-byte ids of consecutive pieces. */
  ids(first: number, end: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#columns.id.subarray(first * ID_SIZE, end * ID_SIZE))
  }

  /** Whether a piece is to be written, rather than there already. */
  isWanted(piece: number): boolean {
    return this.#columns.wanted[piece] === 1
  }

  setWanted(piece: number, wanted: boolean): void {
    this.#columns.wanted[piece] = wanted ? 1 : 0
  }

  #idBytes(piece: number): Buffer {
    return Buffer.from(this.#columns.id.buffer, piece * ID_SIZE, ID_SIZE)
  }

  #numberOf(pack: Id): number {
    const known = this.#packNumbers.get(pack)
    if (known !== undefined) return known
    const number = this.#packs.push(pack) - 1
    this.#packNumbers.set(pack, number)
    return number
  }
}

function makeColumns(memory: ColumnMemory, capacity: number) {
  const integers = (name: string) => new Uint32Array(memory(name, 4), 0, capacity)
  return {
    entry: integers('entry'),
    fileOffset: new Float64Array(memory('fileOffset', 8), 0, capacity),
    pack: integers('pack'),
    packOffset: integers('packOffset'),
    length: integers('length'),
    uncompressedLength: integers('uncompressedLength'),
    id: new Uint8Array(memory('id', ID_SIZE), 0, capacity * ID_SIZE),
    wanted: new Uint8Array(memory('wanted', 1), 0, capacity),
  }
}
