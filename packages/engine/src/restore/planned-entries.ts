import { nameFromBytes, nameToBytes } from '@varve/platform/file-name'
import type { ExtendedAttribute } from '@varve/platform'
import type { NodeType } from '../repository/node.ts'
import { GrowingMemory } from './columns.ts'
import { getTime, makeEntryColumns, putTime, type EntryColumns } from './entry-columns.ts'

/**
 * What is to be done about an entry: `make` it where nothing is; `replace` what is there; `update` a file in place; `keep` it and set its
 * metadata; `skip` it altogether.
 */
export type EntryAction = 'make' | 'replace' | 'update' | 'keep' | 'skip'

const ACTIONS: readonly EntryAction[] = ['make', 'replace', 'update', 'keep', 'skip']
const TYPES: readonly NodeType[] = ['file', 'dir', 'symlink', 'dev', 'chardev', 'fifo', 'socket', 'irregular']

const FILE = TYPES.indexOf('file')
const DIR = TYPES.indexOf('dir')

/** What an entry has besides its content. Times are nanoseconds since 1970. */
export interface EntryMetadata {
  /** Go's `os.FileMode` bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly atime: bigint
  readonly mtime: bigint
  readonly attributes: readonly ExtendedAttribute[]
}

/** An entry to add to a plan. */
export interface NewEntry {
  /** Number of its folder; of the target itself, 0. */
  readonly parent: number
  readonly name: string
  readonly type: NodeType
  readonly action: EntryAction
  /** Bytes of a file. */
  readonly size: number
  /** Undefined where it is nobody's business: that of a target that was there before, or of an entry to skip. */
  readonly metadata: EntryMetadata | undefined
  /** Numbers of its first piece of content, and of the one after its last. */
  readonly firstPiece: number
  readonly endPiece: number
}

/** {@link PlannedEntries} as other threads get it: `postMessage` carries it without copying the columns. */
export interface SharedEntries {
  readonly target: string
  readonly separator: string
  readonly columns: EntryColumns
  readonly names: Uint8Array<SharedArrayBuffer>
  readonly namesLength: number
  readonly count: number
  readonly attributes: readonly (readonly ExtendedAttribute[])[]
}

const FIRST_CAPACITY = 256
const CACHED_FOLDERS = 4096
const MAX_NAMES = 0xffff_ffff

/** No metadata is set for such an entry. */
const NO_METADATA = 0xffff_ffff

/**
 * The entries of a plan, in columns: 79 bytes and its name an entry. They are numbered from 0, the target itself; a folder comes before all
 * that is in it.
 */
export class PlannedEntries {
  readonly target: string
  readonly #separator: string
  readonly #memory = new GrowingMemory()
  readonly #namesMemory = new GrowingMemory()
  #columns: EntryColumns
  #names: Uint8Array<SharedArrayBuffer>
  #namesLength = 0
  #count = 0
  /** Sets of extended attributes; most entries have the first, the empty one. */
  #attributes: (readonly ExtendedAttribute[])[] = [[]]
  readonly #attributeSets = new Map<string, number>()
  readonly #folderPaths = new Map<number, string>()

  /**
   * @param target - absolute path of the folder to restore into
   * @param separator - of the parts of paths
   */
  constructor(target: string, separator: string, shared?: SharedEntries) {
    this.target = target
    this.#separator = separator
    this.#columns = shared?.columns ?? makeEntryColumns(this.#memory.grow(FIRST_CAPACITY), FIRST_CAPACITY)
    this.#names = shared?.names ?? this.#namesOf(FIRST_CAPACITY)
    if (shared !== undefined) this.follow(shared)
  }

  /** The entries of another thread, to read and to mark. */
  static attach(shared: SharedEntries): PlannedEntries {
    return new PlannedEntries(shared.target, shared.separator, shared)
  }

  /** What another thread needs to use the entries that there are now. */
  share(): SharedEntries {
    return {
      target: this.target,
      separator: this.#separator,
      columns: this.#columns,
      names: this.#names,
      namesLength: this.#namesLength,
      count: this.#count,
      attributes: [...this.#attributes],
    }
  }

  /** Attached entries: knows from now on those that the other thread has added. */
  follow(shared: SharedEntries): void {
    this.#columns = shared.columns
    this.#names = shared.names
    this.#namesLength = shared.namesLength
    this.#count = shared.count
    this.#attributes = [...shared.attributes]
  }

  get count(): number {
    return this.#count
  }

  /** Adds an entry. @returns its number */
  add(entry: NewEntry): number {
    const number = this.#count
    if (number === this.#columns.parent.length) {
      this.#columns = makeEntryColumns(this.#memory.grow(number * 2), number * 2)
    }
    const columns = this.#columns
    columns.parent[number] = entry.parent
    columns.name[number] = this.#addName(entry.name)
    columns.type[number] = TYPES.indexOf(entry.type)
    columns.action[number] = ACTIONS.indexOf(entry.action)
    columns.size[number] = entry.size
    columns.firstPiece[number] = entry.firstPiece
    columns.endPiece[number] = entry.endPiece
    const { metadata } = entry
    columns.attributes[number] = metadata === undefined ? NO_METADATA : this.#attributeSet(metadata.attributes)
    if (metadata !== undefined) {
      columns.mode[number] = metadata.mode
      columns.uid[number] = metadata.uid
      columns.gid[number] = metadata.gid
      putTime(columns.mtime, columns.mtimeFraction, number, metadata.mtime)
      putTime(columns.atime, columns.atimeFraction, number, metadata.atime)
    }
    this.#count++
    return number
  }

  /** Absolute path of an entry. */
  path(entry: number): string {
    if (entry === 0) return this.target
    return this.#folderPath(this.#columns.parent[entry] ?? 0) + this.name(entry)
  }

  /** Name of an entry in its folder. */
  name(entry: number): string {
    const start = this.#columns.name[entry] ?? 0
    const end = entry + 1 < this.#count ? (this.#columns.name[entry + 1] ?? 0) : this.#namesLength
    return nameFromBytes(this.#names.subarray(start, end))
  }

  /** Number of the folder that an entry lies in. */
  parent(entry: number): number {
    return this.#columns.parent[entry] ?? 0
  }

  type(entry: number): NodeType {
    return TYPES[this.#columns.type[entry] ?? 0] ?? 'irregular'
  }

  isFile(entry: number): boolean {
    return this.#columns.type[entry] === FILE
  }

  isFolder(entry: number): boolean {
    return this.#columns.type[entry] === DIR
  }

  action(entry: number): EntryAction {
    return ACTIONS[this.#columns.action[entry] ?? 0] ?? 'skip'
  }

  setAction(entry: number, action: EntryAction): void {
    this.#columns.action[entry] = ACTIONS.indexOf(action)
  }

  /** Bytes of a file. */
  size(entry: number): number {
    return this.#columns.size[entry] ?? 0
  }

  /** Number of the first piece of an entry's content. */
  firstPiece(entry: number): number {
    return this.#columns.firstPiece[entry] ?? 0
  }

  /** Number after that of the last piece of an entry's content. */
  endPiece(entry: number): number {
    return this.#columns.endPiece[entry] ?? 0
  }

  /** Of a hard link: the file that it is a link to. 0 for all else. */
  linkedTo(entry: number): number {
    return this.#columns.link[entry] ?? 0
  }

  setLinkedTo(entry: number, first: number): void {
    this.#columns.link[entry] = first
  }

  /** Undefined where an entry's metadata is left as it is. */
  metadata(entry: number): EntryMetadata | undefined {
    const columns = this.#columns
    const attributes = columns.attributes[entry] ?? NO_METADATA
    if (attributes === NO_METADATA) return undefined
    return {
      mode: columns.mode[entry] ?? 0,
      uid: columns.uid[entry] ?? 0,
      gid: columns.gid[entry] ?? 0,
      atime: getTime(columns.atime, columns.atimeFraction, entry),
      mtime: getTime(columns.mtime, columns.mtimeFraction, entry),
      attributes: this.#attributes[attributes] ?? [],
    }
  }

  /** Sets bits of {@link EntryMark}. @returns whether any was new */
  mark(entry: number, bits: number): boolean {
    return (Atomics.or(this.#columns.marks, entry, bits) & bits) !== bits
  }

  /** Whether an entry has all of some bits of {@link EntryMark}. */
  isMarked(entry: number, bits: number): boolean {
    return (Atomics.load(this.#columns.marks, entry) & bits) === bits
  }

  /** How many pieces of a file are still to be written. */
  pending(entry: number): number {
    return Atomics.load(this.#columns.pending, entry)
  }

  /** Says how many pieces of a file are still to be written. */
  setPending(entry: number, pieces: number): void {
    Atomics.store(this.#columns.pending, entry, pieces)
  }

  /** Notes that a piece has been written, or never will be. @returns whether it was the last one */
  settlePiece(entry: number): boolean {
    return Atomics.sub(this.#columns.pending, entry, 1) === 1
  }

  #folderPath(folder: number): string {
    const cached = this.#folderPaths.get(folder)
    if (cached !== undefined) return cached
    const path = this.path(folder)
    const withSeparator = path.endsWith(this.#separator) ? path : path + this.#separator
    if (this.#folderPaths.size >= CACHED_FOLDERS) this.#folderPaths.clear()
    this.#folderPaths.set(folder, withSeparator)
    return withSeparator
  }

  #addName(name: string): number {
    const bytes = nameToBytes(name)
    const start = this.#namesLength
    const end = start + bytes.length
    if (end > MAX_NAMES) throw new Error('the names of a plan need more than 4 GiB')
    if (end > this.#names.length) {
      this.#names = this.#namesOf(Math.min(MAX_NAMES, Math.max(end, this.#names.length * 2)))
    }
    this.#names.set(bytes, start)
    this.#namesLength = end
    return start
  }

  #namesOf(bytes: number): Uint8Array<SharedArrayBuffer> {
    return new Uint8Array(this.#namesMemory.grow(bytes)('names', 1), 0, bytes)
  }

  #attributeSet(attributes: readonly ExtendedAttribute[]): number {
    if (attributes.length === 0) return 0
    const text = JSON.stringify(
      attributes.map(({ name, value }) => [name, value && Buffer.from(value).toString('base64')]),
    )
    const known = this.#attributeSets.get(text)
    if (known !== undefined) return known
    const number = this.#attributes.push(attributes) - 1
    this.#attributeSets.set(text, number)
    return number
  }
}
