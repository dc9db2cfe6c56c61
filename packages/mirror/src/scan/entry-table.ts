import { comparePaths } from '@varve/delta/entries'
import type { TrackedState } from '../increment/increment.ts'

/** Kinds of entries, by their numbers in tables. Only a mirror can have `other`: devices, pipes and sockets are never mirrored. */
export const KINDS = ['file', 'dir', 'symlink', 'other'] as const

/** What an entry is. */
export type EntryKind = (typeof KINDS)[number]

/** Bytes of a SHA-256. */
export const HASH_BYTES = 32

/** What a table says of an entry beside its path. */
export interface EntryRow {
  readonly kind: EntryKind
  /** Permissions, 0 to 0o7777; 0o777 for a symbolic link. */
  readonly mode: number
  /** Bytes of a file's content; 0 for all else. */
  readonly size: number
  /** Nanoseconds since 1970. */
  readonly mtime: bigint
  readonly uid: number
  readonly gid: number
  /** Whether increments keep the entry's history. */
  readonly tracked: boolean
  /** Whether the file was written so shortly before it was read that a later change may have left the same time. */
  readonly doubtful: boolean
  /** What a symbolic link points to. */
  readonly target: string | undefined
  /** SHA-256 of a file's content, where it is known. */
  readonly hash: Uint8Array | undefined
}

/** Everything of a table as what can be handed from thread to thread, and written to a file. */
export interface TableColumns {
  /** Paths, with NUL between them: in the order of `comparePaths`, relative, `''` for the folder itself. */
  readonly paths: string
  readonly kinds: Uint8Array<ArrayBuffer>
  readonly modes: Uint16Array<ArrayBuffer>
  readonly sizes: Float64Array<ArrayBuffer>
  readonly mtimes: BigInt64Array<ArrayBuffer>
  /** User and group of each. */
  readonly owners: Uint32Array<ArrayBuffer>
  readonly flags: Uint8Array<ArrayBuffer>
  /** {@link HASH_BYTES} of each; empty where no hash is known. */
  readonly hashes: Uint8Array<ArrayBuffer>
  /** Targets of symbolic links in their order, with NUL between them. */
  readonly targets: string
}

/** Bits of a row's flags. */
const TRACKED = 1
const DOUBTFUL = 2
const HASHED = 4

/** Paths that are looked for one by one before all are put into a map. */
const FEW_FINDS = 500

/** Numbers of {@link KINDS}. */
const LINK = KINDS.indexOf('symlink')

/** All entries of a folder, in columns: as objects, a few hundred thousand would take long to make and to hand from thread to thread. */
export class EntryTable {
  readonly columns: TableColumns
  readonly paths: readonly string[]
  readonly #targets: readonly string[]
  /** Rows by path, once many have been asked for. */
  #rows: ReadonlyMap<string, number> | undefined
  #finds = 0
  /** Rows of symbolic links, ascending. */
  readonly #links: readonly number[]

  constructor(columns: TableColumns) {
    this.columns = columns
    const { kinds } = columns
    this.paths = kinds.length === 0 ? [] : columns.paths.split('\0')
    this.#targets = columns.targets.split('\0')
    const links: number[] = []
    for (let row = kinds.indexOf(LINK); row >= 0; row = kinds.indexOf(LINK, row + 1)) links.push(row)
    this.#links = links
  }

  /** Entries in it. */
  get length(): number {
    return this.columns.kinds.length
  }

  /** Path of a row; undefined behind the last. */
  path(row: number): string | undefined {
    return this.paths[row]
  }

  kind(row: number): EntryKind {
    return KINDS[this.columns.kinds[row] ?? 0] ?? 'other'
  }

  isTracked(row: number): boolean {
    return ((this.columns.flags[row] ?? 0) & TRACKED) !== 0
  }

  isDoubtful(row: number): boolean {
    return ((this.columns.flags[row] ?? 0) & DOUBTFUL) !== 0
  }

  size(row: number): number {
    return this.columns.sizes[row] ?? 0
  }

  mtime(row: number): bigint {
    return this.columns.mtimes[row] ?? 0n
  }

  mode(row: number): number {
    return this.columns.modes[row] ?? 0
  }

  /** Whether user and group are those of a row of another table. */
  hasOwnerOf(row: number, other: EntryTable, otherRow: number): boolean {
    const mine = this.columns.owners
    const theirs = other.columns.owners
    return mine[row * 2] === theirs[otherRow * 2] && mine[row * 2 + 1] === theirs[otherRow * 2 + 1]
  }

  /** Row of a path, or the one before which it would stand. */
  place(path: string): number {
    let [from, to] = [0, this.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if (comparePaths(this.paths[middle] ?? '', path) < 0) from = middle + 1
      else to = middle
    }
    return from
  }

  /** Row of a path; undefined where it is not in the table. */
  find(path: string): EntryRow | undefined {
    if (this.#rows === undefined && this.#finds++ < FEW_FINDS) {
      const row = this.place(path)
      return this.paths[row] === path ? this.row(row) : undefined
    }
    this.#rows ??= new Map(this.paths.map((each, row) => [each, row]))
    const row = this.#rows.get(path)
    return row === undefined ? undefined : this.row(row)
  }

  /** Whether there is anything below a folder. */
  hasBelow(folder: string): boolean {
    if (folder === '') return this.length > 1
    const next = this.place(folder)
    const below = this.paths[next] === folder ? this.paths[next + 1] : this.paths[next]
    return below?.startsWith(`${folder}/`) === true
  }

  target(row: number): string | undefined {
    const link = placeOf(this.#links, row)
    return link < 0 ? undefined : this.#targets[link]
  }

  /** A file's hash, or undefined where none is known. */
  hash(row: number): Uint8Array | undefined {
    if (((this.columns.flags[row] ?? 0) & HASHED) === 0) return undefined
    return this.columns.hashes.subarray(row * HASH_BYTES, (row + 1) * HASH_BYTES)
  }

  /** Everything about a row. */
  row(row: number): EntryRow {
    return {
      kind: this.kind(row),
      mode: this.mode(row),
      size: this.size(row),
      mtime: this.mtime(row),
      uid: this.columns.owners[row * 2] ?? 0,
      gid: this.columns.owners[row * 2 + 1] ?? 0,
      tracked: this.isTracked(row),
      doubtful: this.isDoubtful(row),
      target: this.target(row),
      hash: this.hash(row),
    }
  }
}

/** Rows that a builder has room for at first. */
const START = 128

/** Collects the rows of a table. */
export class EntryTableBuilder {
  #length = 0
  #kinds = new Uint8Array(START)
  #modes = new Uint16Array(START)
  #sizes = new Float64Array(START)
  #mtimes = new BigInt64Array(START)
  #owners = new Uint32Array(START * 2)
  #flags = new Uint8Array(START)
  readonly #paths: string[] = []
  readonly #targets: string[] = []
  #hashes: Uint8Array<ArrayBuffer>

  /** @param hashed - whether rows have hashes */
  constructor(hashed: boolean) {
    this.#hashes = new Uint8Array(hashed ? START * HASH_BYTES : 0)
  }

  /** Rows so far. */
  get length(): number {
    return this.#length
  }

  /** Adds an entry, which comes behind all others in the order of paths. */
  add(path: string, entry: EntryRow): void {
    const row = this.#length++
    if (row === this.#kinds.length) this.#grow()
    this.#paths.push(path)
    this.#kinds[row] = KINDS.indexOf(entry.kind)
    this.#modes[row] = entry.mode
    this.#sizes[row] = entry.size
    this.#mtimes[row] = entry.mtime
    this.#owners[row * 2] = entry.uid
    this.#owners[row * 2 + 1] = entry.gid
    if (entry.kind === 'symlink') this.#targets.push(entry.target ?? '')
    let flags = (entry.tracked ? TRACKED : 0) | (entry.doubtful ? DOUBTFUL : 0)
    if (entry.hash !== undefined && this.#hashes.length > 0) {
      this.#hashes.set(entry.hash, row * HASH_BYTES)
      flags |= HASHED
    }
    this.#flags[row] = flags
  }

  /** Says that increments keep a row's history after all. */
  markTracked(row: number): void {
    this.#flags[row] = (this.#flags[row] ?? 0) | TRACKED
  }

  /** The columns. The builder is used up then. */
  finish(): TableColumns {
    const length = this.#length
    return {
      paths: this.#paths.join('\0'),
      kinds: this.#kinds.slice(0, length),
      modes: this.#modes.slice(0, length),
      sizes: this.#sizes.slice(0, length),
      mtimes: this.#mtimes.slice(0, length),
      owners: this.#owners.slice(0, length * 2),
      flags: this.#flags.slice(0, length),
      hashes: this.#hashes.slice(0, this.#hashes.length === 0 ? 0 : length * HASH_BYTES),
      targets: this.#targets.join('\0'),
    }
  }

  #grow(): void {
    this.#kinds = copyInto(this.#kinds, new Uint8Array(this.#kinds.length * 2))
    this.#modes = copyInto(this.#modes, new Uint16Array(this.#modes.length * 2))
    this.#sizes = copyInto(this.#sizes, new Float64Array(this.#sizes.length * 2))
    this.#mtimes = copyInto(this.#mtimes, new BigInt64Array(this.#mtimes.length * 2))
    this.#owners = copyInto(this.#owners, new Uint32Array(this.#owners.length * 2))
    this.#flags = copyInto(this.#flags, new Uint8Array(this.#flags.length * 2))
    this.#hashes = copyInto(this.#hashes, new Uint8Array(this.#hashes.length * 2))
  }
}

function copyInto<T extends { set(from: T): void }>(from: T, into: T): T {
  into.set(from)
  return into
}

/**
 * What a row says as increments tell it.
 * @throws a plain Error for a file without a hash, and for what is never mirrored
 */
export function trackedStateOf({ kind, mode, mtime, size, hash, target }: EntryRow): TrackedState {
  if (kind === 'dir') return { type: 'dir', mode, mtime }
  if (kind === 'symlink') return { type: 'symlink', mode, mtime, target: target ?? '' }
  if (kind === 'other' || hash === undefined) throw new Error(`no state is known of a ${kind}`)
  return { type: 'file', mode, mtime, size, hash: Buffer.from(hash).toString('hex') }
}

/** Where a number stands in ascending ones, or -1. */
function placeOf(numbers: readonly number[], wanted: number): number {
  let [from, to] = [0, numbers.length - 1]
  while (from <= to) {
    const middle = (from + to) >> 1
    const number = numbers[middle] ?? 0
    if (number === wanted) return middle
    if (number < wanted) from = middle + 1
    else to = middle - 1
  }
  return -1
}

/** A table without any entry. */
export const EMPTY_TABLE = new EntryTable(new EntryTableBuilder(true).finish())
