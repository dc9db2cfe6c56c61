import { type BigIntStats, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { nameFromBytes, toFsPath } from '@varve/platform/file-name'
import { statIfThere } from './stat-if-there.ts'

/**
 * Files and folders that no snapshot may hold: those of the repository that it goes to. They are recognised by device and inode, of their
 * own or of the folder that they are in, whatever way a walk gets there: through a symbolic link, a bind mount or a second name.
 */
export class OwnFiles {
  readonly #own: readonly Pick<BigIntStats, 'dev' | 'ino'>[]
  readonly #namesByFolder: ReadonlyMap<string, ReadonlySet<string>>
  #lastFolder: InspectedFolder | undefined

  /**
   * @param paths - absolute; those that do not exist yet are recognised by their name once they do, as long as their folder exists
   */
  constructor(paths: readonly string[]) {
    const own: BigIntStats[] = []
    const namesByFolder = new Map<string, Set<string>>()
    for (const path of paths.map(resolveLinks)) {
      const stats = statIfThere(path)
      if (stats !== undefined) own.push(stats)
      const folder = statIfThere(dirname(path))
      if (folder === undefined || path === dirname(path)) continue
      const names = namesByFolder.get(identity(folder)) ?? new Set()
      namesByFolder.set(identity(folder), names.add(basename(path)))
    }
    this.#own = own
    this.#namesByFolder = namesByFolder
  }

  /** Whether an entry is one of them. */
  has(stats: BigIntStats): boolean {
    for (const { dev, ino } of this.#own) if (ino === stats.ino && dev === stats.dev) return true
    return false
  }

  /** The names in this folder that are theirs, or undefined where there are none. */
  namesIn(folder: BigIntStats): ReadonlySet<string> | undefined {
    return this.#namesByFolder.size === 0 ? undefined : this.#namesByFolder.get(identity(folder))
  }

  /** Whether what is at a path, a symbolic link itself where there is one, is one of them or lies in one. */
  contains(path: string): boolean {
    if (this.#own.length === 0 && this.#namesByFolder.size === 0) return false
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

/** What is known of a folder that something was asked about. */
interface InspectedFolder {
  readonly path: string
  /** Whether it is one of them or lies in one. */
  readonly isOwn: boolean
  readonly ownNames: ReadonlySet<string> | undefined
}

function identity({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`
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
