import type { Platform } from '@varve/platform'
import { VarveError } from '@varve/platform/errors'
import { compareNames, isEntryName } from '@varve/platform/file-name'
import { fileModeFromPosix } from '../../repository/file-mode.ts'
import type { Id } from '../../repository/id.ts'
import type { Node } from '../../repository/node.ts'
import { timestampFromNanoseconds } from '../../repository/timestamp.ts'
import type { SnapshotItem } from '../snapshot-options.ts'
import type { ImportedEntry } from './import-options.ts'

/** An entry whose content is stored. */
export interface ArrangedEntry {
  readonly name: string
  readonly entry: ImportedEntry
  /** Blobs of a file; none of all else. */
  readonly content: readonly Id[]
}

/** A folder of a snapshot, on its way to being a tree. */
export class ImportedFolder {
  /** Undefined for the root, which has no entry of its own, and as long as nobody told of the folder. */
  own: ImportedEntry | undefined
  readonly folders = new Map<string, ImportedFolder>()
  readonly others = new Map<string, ArrangedEntry>()

  /** @throws ERR_VARVE_BAD_ARGUMENT for a path that is none, or that leads through what is no folder */
  add(entry: ImportedEntry, content: readonly Id[]): void {
    const names = entry.path.split('/').slice(1)
    const name = names.at(-1) ?? ''
    if (!entry.path.startsWith('/') || !names.every(isEntryName)) throw badPath(entry.path)
    const folders = entry.type === 'dir' ? names : names.slice(0, -1)
    const folder = folders.reduce<ImportedFolder>((around, each) => around.#enter(each, entry.path), this)
    if (entry.type === 'dir') {
      if (folder.own !== undefined) throw badPath(entry.path)
      folder.own = entry
    } else {
      if (folder.others.has(name) || folder.folders.has(name)) throw badPath(entry.path)
      folder.others.set(name, { name, entry, content })
    }
  }

  #enter(name: string, path: string): ImportedFolder {
    let folder = this.folders.get(name)
    if (folder === undefined) {
      if (this.others.has(name)) throw badPath(path)
      folder = new ImportedFolder()
      this.folders.set(name, folder)
    }
    return folder
  }
}

function badPath(path: string): VarveError {
  return new VarveError(
    'ERR_VARVE_BAD_ARGUMENT',
    `'${path}' cannot be the path of an entry beside the others of a snapshot`,
  )
}

/** An entry of a tree that is stored. */
interface TreeEntry {
  readonly name: string
  readonly entry: ImportedEntry
  readonly content: readonly Id[]
  readonly subtree: Id | undefined
}

/** A tree that is stored. */
interface KnownTree {
  readonly id: Id
  readonly entries: readonly TreeEntry[]
}

/** What trees are made with. */
export interface TreeContext {
  readonly platform: Platform
  /** Stores a tree. */
  readonly save: (nodes: readonly Node[]) => Id
}

/** Makes trees of snapshots that resemble each other: a folder that is as it was in the snapshot before keeps its tree. */
export class ImportedTrees {
  readonly #context: TreeContext
  #known = new Map<string, KnownTree>()

  constructor(context: TreeContext) {
    this.#context = context
  }

  /**
   * The root tree of a snapshot.
   *
   * @param leading - stands for folders that nobody told of; their path is left out
   * @param onEntry - called with what becomes of each entry
   */
  make(
    root: ImportedFolder,
    leading: Omit<Extract<ImportedEntry, { readonly type: 'dir' }>, 'path'>,
    onEntry: (node: Pick<Node, 'type' | 'size'>, action: SnapshotItem['action']) => void,
  ): Id {
    const before = this.#known
    const known = new Map<string, KnownTree>()
    const makeFolder = (path: string, folder: ImportedFolder): Id => {
      const entries: TreeEntry[] = Array.from(folder.others.values(), (other) => ({ ...other, subtree: undefined }))
      for (const [name, inner] of folder.folders) {
        const innerPath = `${path}/${name}`
        const subtree = makeFolder(innerPath, inner)
        entries.push({ name, entry: inner.own ?? { ...leading, path: innerPath }, content: [], subtree })
      }
      entries.sort((a, b) => compareNames(a.name, b.name))
      const made = this.#makeTree(entries, before.get(path), onEntry)
      known.set(path, made)
      return made.id
    }
    const id = makeFolder('', root)
    this.#known = known
    return id
  }

  #makeTree(
    entries: readonly TreeEntry[],
    before: KnownTree | undefined,
    onEntry: (node: Pick<Node, 'type' | 'size'>, action: SnapshotItem['action']) => void,
  ): KnownTree {
    let isSame = before !== undefined && before.entries.length === entries.length
    let at = 0
    for (const each of entries) {
      while (at < (before?.entries.length ?? 0) && compareNames(before?.entries[at]?.name ?? '', each.name) < 0) at++
      const there = before?.entries[at]?.name === each.name ? before.entries[at] : undefined
      const action = there === undefined ? 'new' : isSameEntry(there, each) ? 'unmodified' : 'changed'
      if (action !== 'unmodified') isSame = false
      const { type } = each.entry
      if (type !== 'symlink') onEntry({ type, size: type === 'file' ? BigInt(each.entry.size) : 0n }, action)
    }
    if (isSame && before !== undefined) return before
    return { id: this.#context.save(entries.map((entry) => this.#node(entry))), entries }
  }

  #node({ name, entry, content, subtree }: TreeEntry): Node {
    const { accounts } = this.#context.platform
    const { type, mode, uid, gid } = entry
    const mtime = timestampFromNanoseconds(entry.mtime)
    return {
      name,
      type,
      mode: fileModeFromPosix(POSIX_TYPES[type] | mode),
      mtime,
      atime: mtime,
      ctime: mtime,
      uid,
      gid,
      user: accounts.userName(uid),
      group: accounts.groupName(gid),
      inode: 0n,
      deviceId: 0n,
      size: type === 'file' ? BigInt(entry.size) : 0n,
      links: type === 'dir' ? 0n : 1n,
      linkTarget: type === 'symlink' ? entry.target : '',
      extendedAttributes: [],
      genericAttributes: new Map(),
      device: 0n,
      content: type === 'file' ? content : null,
      subtree,
      error: '',
    }
  }
}

const POSIX_TYPES = { file: 0o100000, dir: 0o040000, symlink: 0o120000 } as const

function isSameEntry(a: TreeEntry, b: TreeEntry): boolean {
  const [one, other] = [a.entry, b.entry]
  if (one.type !== other.type || one.mode !== other.mode || one.mtime !== other.mtime) return false
  if (one.uid !== other.uid || one.gid !== other.gid || a.subtree !== b.subtree) return false
  if (one.type === 'symlink' && other.type === 'symlink') return one.target === other.target
  if (a.content === b.content) return true
  return a.content.length === b.content.length && a.content.every((id, index) => id === b.content[index])
}
