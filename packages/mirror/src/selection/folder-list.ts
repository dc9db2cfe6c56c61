import { compilePathPattern, type PathPattern, splitPath } from './path-pattern.ts'

/** A list of folders, compiled. Paths are relative to the source, `''` is the source itself. */
export class FolderList {
  /** The folders without wildcards. */
  readonly paths: ReadonlySet<string>
  readonly #patterns: readonly PathPattern[]
  /** Folders above those of the list, as far as they are certain, and folders below which anything of the list may lie. */
  readonly #above: ReadonlySet<string>
  readonly #startingPoints: ReadonlySet<string>

  /** @param folders - as in a configuration: relative to the source, wildcards allowed */
  constructor(folders: readonly string[]) {
    const compiled = folders.map((folder) => compilePathPattern(folder, true))
    this.paths = new Set(compiled.flatMap((pattern) => pattern.literal ?? []))
    this.#patterns = compiled.filter((pattern) => pattern.literal === undefined)
    this.#startingPoints = new Set(this.#patterns.map((pattern) => pattern.certainFolders.join('/')))
    this.#above = new Set([...this.paths, ...this.#startingPoints].flatMap(foldersAbove))
  }

  /** Whether the list has exactly this path, whose last name is `name`. */
  names(path: string, name: string): boolean {
    if (this.paths.size > 0 && this.paths.has(path)) return true
    for (const pattern of this.#patterns) {
      if (pattern.lastName.matches(name) && pattern.matches(path.split('/'))) return true
    }
    return false
  }

  /** Whether the list has this folder, or one that it lies in. */
  covers(path: string): boolean {
    if (this.paths.has('')) return true
    if (path === '' || (this.paths.size === 0 && this.#patterns.length === 0)) return false
    const names = this.#patterns.length === 0 ? [] : path.split('/')
    for (let end = path.indexOf('/'), depth = 1; ; end = path.indexOf('/', end + 1), depth++) {
      const folder = end === -1 ? path : path.slice(0, end)
      if (this.paths.has(folder)) return true
      if (this.#patterns.some((pattern) => pattern.matches(names.slice(0, depth)))) return true
      if (end === -1) return false
    }
  }

  /** Whether a folder of the list may lie below this one. */
  mayLieBelow(path: string): boolean {
    if (this.#above.has(path)) return true
    return (
      this.#startingPoints.size > 0 && [path, ...foldersAbove(path)].some((folder) => this.#startingPoints.has(folder))
    )
  }
}

/** All folders that a path lies in, the source as well. */
export function foldersAbove(path: string): readonly string[] {
  const names = splitPath(path)
  return names.map((_, depth) => names.slice(0, depth).join('/'))
}
