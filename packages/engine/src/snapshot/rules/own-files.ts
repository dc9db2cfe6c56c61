import { type BigIntStats, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { nameFromBytes, toFsPath } from '@varve/platform/file-name'
import { statIfThere } from './stat-if-there.ts'

/**
 * Files and folders that no snapshot may hold: those of the repository that it goes to. They are recognised by device and inode, of their
 * own or of the folder that they are in, whatever way a walk gets there: through a symbolic link, a bind mount or a second name.
 */
export class OwnFiles {
  readonly #own: readonly Identity[]
  readonly #folders: readonly OwnFolder[]
  #lastFolder: InspectedFolder | undefined

  /**
   * @param paths - absolute; those that do not exist yet are recognised by their name once they do, as long as their folder exists
   */
  constructor(paths: readonly string[]) {
    const own: BigIntStats[] = []
    const folders: OwnFolder[] = []
    for (const path of paths.map(resolveLinks)) {
      const stats = statIfThere(path)
      if (stats !== undefined) own.push(stats)
      const folder = statIfThere(dirname(path))
      if (folder === undefined || path === dirname(path)) continue
      const known = folders.find((other) => isSame(other, folder))
      if (known === undefined) folders.push({ dev: folder.dev, ino: folder.ino, names: new Set([basename(path)]) })
      else known.names.add(basename(path))
    }
    this.#own = own
    this.#folders = folders
  }

  /** Whether an entry is one of them. */
  has(stats: BigIntStats): boolean {
    for (const own of this.#own) if (isSame(own, stats)) return true
    return false
  }

  /** The names in this folder that are theirs, or undefined where there are none. */
  namesIn(folder: BigIntStats): ReadonlySet<string> | undefined {
    for (const own of this.#folders) if (isSame(own, folder)) return own.names
    return undefined
  }

  /** Whether what is at a path, a symbolic link itself where there is one, is one of them or lies in one. */
  contains(path: string): boolean {
    if (this.#own.length === 0 && this.#folders.length === 0) return false
    const folder = dirname(path)
    if (this.#lastFolder?.path !== folder) this.#lastFolder = this.#inspect(folder)
    return this.#lastFolder.isOwn || this.#lastFolder.ownNames?.has(basename(path)) === true
  }

  #inspect(path: string): InspectedFolder {
    const resolved = resolveLinks(path)
    const stats = statIfThere(resolved)
    const isOwn =
      (stats !== undefined && this.has(stats)) || (dirname(resolved) !== resolved && this.contains(resolved))
    return { path, isOwn, ownNames: stats && this.namesIn(stats) }
  }
}

/** By what a file or folder is known, whatever its path. */
type Identity = Pick<BigIntStats, 'dev' | 'ino'>

/** A folder with some of them in it. */
interface OwnFolder extends Identity {
  readonly names: Set<string>
}

/** What is known of a folder that something was asked about. */
interface InspectedFolder {
  readonly path: string
  /** Whether it is one of them or lies in one. */
  readonly isOwn: boolean
  readonly ownNames: ReadonlySet<string> | undefined
}

function isSame(a: Identity, b: Identity): boolean {
  return a.ino === b.ino && a.dev === b.dev
}

/** The path without symbolic links, in what exists of it. */
function resolveLinks(path: string): string {
  try {
    return nameFromBytes(realpathSync.native(toFsPath(path), { encoding: 'buffer' }))
  } catch {
    const folder = dirname(path)
    return folder === path ? path : join(resolveLinks(folder), basename(path))
  }
}
