import { compilePathPattern, type PathPattern } from './path-pattern.ts'
import { foldersAbove } from './folder-list.ts'

/** A list of files, compiled. Paths are relative to the source. */
export class FileList {
  /** The files that are named exactly. */
  readonly paths: ReadonlySet<string>
  /** Whether anything but exact paths is in the list, so that it may name files of any folder. */
  readonly hasPatterns: boolean
  readonly #above: ReadonlySet<string>
  readonly #names: ReadonlySet<string>
  readonly #namePatterns: readonly ((name: string) => boolean)[]
  readonly #pathPatterns: readonly PathPattern[]

  /**
   * @param files - as in a configuration. With wildcards: matches at any depth, or from the source on where it begins with `./`. Without: a path
   * @param bareNames - whether what has neither wildcards nor a slash is a name at any depth, not a path
   */
  constructor(files: readonly string[], bareNames: boolean) {
    const anchored = files.map((file) => ({ file, pattern: compilePathPattern(file, true) }))
    const exact = anchored.filter(({ pattern }) => pattern.literal !== undefined)
    const isName = (file: string): boolean => bareNames && !file.includes('/')
    this.paths = new Set(exact.flatMap(({ file, pattern }) => (isName(file) ? [] : (pattern.literal ?? []))))
    this.#names = new Set(exact.flatMap(({ file, pattern }) => (isName(file) ? (pattern.literal ?? []) : [])))
    const patterns = anchored
      .filter(({ pattern }) => pattern.literal === undefined)
      .map(({ file, pattern }) => (file.startsWith('./') ? pattern : compilePathPattern(file, false)))
    this.#namePatterns = patterns.filter((pattern) => pattern.isName).map((pattern) => pattern.lastName.matches)
    this.#pathPatterns = patterns.filter((pattern) => !pattern.isName)
    this.hasPatterns = patterns.length > 0 || this.#names.size > 0
    this.#above = new Set([...this.paths].flatMap(foldersAbove))
  }

  /** Whether a name or pattern of the list, not an exact path, has this file. */
  matches(path: string, name: string): boolean {
    if (this.#names.has(name)) return true
    for (const matches of this.#namePatterns) if (matches(name)) return true
    for (const pattern of this.#pathPatterns) {
      if (pattern.lastName.matches(name) && pattern.matches(path.split('/'))) return true
    }
    return false
  }

  /** Whether an exact path of the list lies below this folder. */
  hasPathBelow(folder: string): boolean {
    return this.#above.has(folder)
  }
}
