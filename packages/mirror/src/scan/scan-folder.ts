import { chmodSync, lstatSync, readdirSync, readlinkSync, type BigIntStats } from 'node:fs'
import type { Problem } from '@varve/platform'
import { describeError, systemErrorCode } from '@varve/platform/errors'
import { compareNames, nameFromBytes, toFsPath } from '@varve/platform/file-name'
import type { Choice, FolderChoice } from '../selection/selection.ts'
import { type EntryKind, EntryTableBuilder, type TableColumns } from './entry-table.ts'

/** What decides which entries a scan takes. `Selection` is one. */
export interface ScanRules {
  decideFile(path: string): Choice
  decideFolder(path: string): FolderChoice
}

/** Rules that take everything. */
const EVERYTHING: ScanRules = {
  decideFile: () => 'mirrored',
  decideFolder: () => ({ choice: 'mirrored', enter: true }),
}

/** What a scan found. */
export interface Scan {
  readonly columns: TableColumns
  /** Paths at and below which nothing is known, and why. */
  readonly unreadable: readonly Problem[]
  /** Devices, pipes and sockets that would have been taken if they could be. */
  readonly special: readonly string[]
}

const PERMISSIONS = 0o7777n
const OWNER_READS = 0o500n
const TYPE_BITS = 0o170000n
const TYPES: ReadonlyMap<bigint, EntryKind> = new Map([
  [0o100000n, 'file'],
  [0o040000n, 'dir'],
  [0o120000n, 'symlink'],
])

/** A folder on the way to what is being looked at, which is in the table once anything below it is. */
interface OpenFolder {
  readonly path: string
  readonly stats: BigIntStats
  /** Undefined as long as the folder is not in the table. */
  row: number | undefined
  tracked: boolean
}

/** Looks at everything below a folder that rules take. Symbolic links are never followed. */
class FolderScan {
  readonly #root: string
  readonly #rules: ScanRules
  readonly #isMirror: boolean
  readonly #table = new EntryTableBuilder(false)
  readonly #unreadable: Problem[] = []
  readonly #special: string[] = []
  /** From the root to the folder that is being read. */
  readonly #open: OpenFolder[] = []

  constructor(root: string, rules: ScanRules, isMirror: boolean) {
    this.#root = root
    this.#rules = rules
    this.#isMirror = isMirror
  }

  run(): Scan {
    const stats = lstatSync(toFsPath(this.#root), { bigint: true })
    if (!stats.isDirectory()) throw Object.assign(new Error('it is no folder'), { code: 'ENOTDIR' })
    this.#enter('', stats, this.#rules.decideFolder(''), true)
    return { columns: this.#table.finish(), unreadable: this.#unreadable, special: this.#special }
  }

  #enter(path: string, stats: BigIntStats, { choice, enter }: FolderChoice, isRoot: boolean): void {
    this.#open.push({ path, stats, row: undefined, tracked: choice === 'tracked' })
    if (choice !== 'excluded' || isRoot) this.#addOpenFolders(choice === 'tracked')
    if (enter) this.#readFolder(path, stats)
    this.#open.pop()
  }

  #readFolder(path: string, stats: BigIntStats): void {
    const folder = path === '' ? this.#root : `${this.#root}/${path}`
    // A mirror has the source's permissions, which may keep its owner from reading it.
    const isClosed = this.#isMirror && (stats.mode & OWNER_READS) !== OWNER_READS && process.getuid?.() !== 0
    if (isClosed) chmodSync(toFsPath(folder), Number((stats.mode & PERMISSIONS) | OWNER_READS))
    try {
      const prefix = path === '' ? '' : `${path}/`
      for (const name of namesIn(folder)) this.#visit(prefix + name)
    } catch (error) {
      if (path === '' || systemErrorCode(error) === undefined) throw error
      // Gone since it was looked at: then its parent's time tells the next run.
      if (systemErrorCode(error) !== 'ENOENT') this.#cannotRead(path, error)
    } finally {
      if (isClosed) chmodSync(toFsPath(folder), Number(stats.mode & PERMISSIONS))
    }
  }

  #visit(path: string): void {
    let stats
    try {
      stats = lstatSync(toFsPath(`${this.#root}/${path}`), { bigint: true, throwIfNoEntry: false })
    } catch (error) {
      if (this.#rules.decideFile(path) !== 'excluded' || this.#rules.decideFolder(path).enter) {
        this.#cannotRead(path, error)
      }
      return
    }
    if (stats === undefined) return
    const kind = TYPES.get(stats.mode & TYPE_BITS) ?? 'other'
    if (kind === 'dir') {
      const decision = this.#rules.decideFolder(path)
      if (decision.enter || decision.choice !== 'excluded') this.#enter(path, stats, decision, false)
      return
    }
    const choice = this.#rules.decideFile(path)
    if (choice === 'excluded') return
    if (kind === 'other' && !this.#isMirror) {
      this.#special.push(path)
      return
    }
    this.#addEntry(path, kind, stats, choice === 'tracked')
  }

  #addEntry(path: string, kind: EntryKind, stats: BigIntStats, tracked: boolean): void {
    let target
    try {
      target = kind === 'symlink' ? readTarget(`${this.#root}/${path}`) : undefined
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') this.#cannotRead(path, error)
      return
    }
    this.#addOpenFolders(tracked)
    this.#add(path, kind, stats, tracked, target)
  }

  /** Folders on the way to something that is taken are taken, and those on the way to something tracked are tracked: else their permissions would be lost. */
  #addOpenFolders(tracked: boolean): void {
    for (const folder of this.#open) {
      folder.tracked ||= tracked
      if (folder.row === undefined) {
        folder.row = this.#table.length
        this.#add(folder.path, 'dir', folder.stats, folder.tracked, undefined)
      } else if (tracked) this.#table.markTracked(folder.row)
    }
  }

  #add(path: string, kind: EntryKind, stats: BigIntStats, tracked: boolean, target: string | undefined): void {
    this.#table.add(path, {
      kind,
      mode: kind === 'symlink' ? 0o777 : Number(stats.mode & PERMISSIONS),
      size: kind === 'file' ? Number(stats.size) : 0,
      mtime: stats.mtimeNs,
      uid: Number(stats.uid),
      gid: Number(stats.gid),
      tracked,
      doubtful: false,
      target,
      hash: undefined,
    })
  }

  #cannotRead(path: string, error: unknown): void {
    if (systemErrorCode(error) === undefined) throw error
    this.#unreadable.push({ path, message: describeError(error) })
  }
}

/**
 * Looks at the entries of a source that rules take, and the folders on the way to them.
 *
 * @param root - absolute path; must not be a symbolic link
 * @throws the system's error where the folder itself cannot be read
 */
export function scanSource(root: string, rules: ScanRules): Scan {
  return new FolderScan(root, rules, false).run()
}

/** Looks at everything in a mirror, whoever put it there. @throws the system's error where a folder of it cannot be read */
export function scanMirror(root: string): TableColumns {
  const { columns, unreadable } = new FolderScan(root, EVERYTHING, true).run()
  const [first] = unreadable
  if (first !== undefined)
    throw Object.assign(new Error(`'${root}/${first.path}': ${first.message}`), { code: 'EACCES' })
  return columns
}

/** Names in a folder, in the order of their bytes, each once: some file systems list an entry twice when their folder changes meanwhile. */
function namesIn(path: string): readonly string[] {
  let names = readdirSync(toFsPath(path))
  // Node replaces invalid bytes by U+FFFD, after which the entry cannot be found any more.
  if (names.some((name) => name.includes('\ufffd'))) {
    names = readdirSync(toFsPath(path), { encoding: 'buffer' }).map((name) => nameFromBytes(name))
  }
  if (names.some((name) => /[\ud800-\uffff]/.test(name))) names.sort(compareNames)
  else names.sort()
  return names.filter((name, index) => name !== names[index - 1])
}

function readTarget(path: string): string {
  return nameFromBytes(readlinkSync(toFsPath(path), { encoding: 'buffer' }))
}
