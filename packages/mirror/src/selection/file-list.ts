import { compilePathPattern, type PathPattern } from './path-pattern.ts'
import { foldersAbove } from './folder-list.ts'

/** A list of files, compiled. Paths are relative to the source. */
export class FileList {
  /** The files that are named exactly. */
  readonly paths: ReadonlySet<string>
  /** Whether anything but exact paths is in the list, so that it may name files of any folder. */
  readonly hasPatterns: boolean
  readonly #above: ReadonlySet<string>
  /** Names and patterns, by the last character of the names that they match: most files need to be compared with none of them. */
  readonly #byEnd: ReadonlyMap<number, readonly PathPattern[]>

  /**
   * @param files - as in a configuration. With wildcards: matches at any depth, or from the source on where it begins with `./`. Without: a path
   * @param bareNames - whether what has neither wildcards nor a slash is a name at any depth, not a path
   */
  constructor(files: readonly string[], bareNames: boolean) {
    const anchored = files.map((file) => ({ file, pattern: compilePathPattern(file, true) }))
    const exact = anchored.filter(({ pattern }) => pattern.literal !== undefined)
    const isName = (file: string): boolean => bareNames && !file.includes('/')
    this.paths = new Set(exact.flatMap(({ file, pattern }) => (isName(file) ? [] : (pattern.literal ?? []))))
    const patterns = anchored
      .filter(({ file, pattern }) => pattern.literal === undefined || isName(file))
      .map(({ file, pattern }) => (file.startsWith('./') ? pattern : compilePathPattern(file, false)))
    this.#byEnd = Map.groupBy(patterns, ({ lastName }) => lastUnit(lastName.end))
    this.hasPatterns = patterns.length > 0
    this.#above = new Set([...this.paths].flatMap(foldersAbove))
  }

  /** Whether the list has exactly this path. */
  has(path: string): boolean {
    return this.paths.size > 0 && this.paths.has(path)
  }

  /** Whether a name or pattern of the list, not an exact path, has this file. */
  matches(path: string, name: string): boolean {
    return anyMatches(this.#byEnd.get(lastUnit(name)), path, name) || anyMatches(this.#byEnd.get(NO_UNIT), path, name)
  }

  /** Whether an exact path of the list lies below this folder. */
  hasPathBelow(folder: string): boolean {
    return this.#above.has(folder)
  }
}

const NO_UNIT = -1

/** The last UTF-16 code unit of a text; {@link NO_UNIT} of an empty one. */
function lastUnit(text: string): number {
  return text === '' ? NO_UNIT : text.charCodeAt(text.length - 1)
}

function anyMatches(patterns: readonly PathPattern[] | undefined, path: string, name: string): boolean {
  if (patterns === undefined) return false
  for (const pattern of patterns) {
    if (pattern.lastName.matches(name) && (pattern.isName || pattern.matches(path.split('/')))) return true
  }
  return false
}
