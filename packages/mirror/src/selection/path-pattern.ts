import { compileWildcard, type Wildcard } from './wildcard.ts'

/** A part of a pattern between slashes; `folders` is `**`, any number of folders, none as well. */
type Part = Wildcard | 'folders'

/** A pattern for paths relative to the source. */
export interface PathPattern {
  /** The only path that matches, where there is just one. */
  readonly literal: string | undefined
  /** What the last name of every path that matches is like. */
  readonly lastName: Wildcard
  /** Whether nothing but the last name matters. */
  readonly isName: boolean
  /** The folders that every path which matches begins with, as far as they are certain. */
  readonly certainFolders: readonly string[]
  /** Whether a path, given by its names, matches. */
  readonly matches: (names: readonly string[]) => boolean
}

/**
 * Compiles a pattern for paths.
 *
 * @param pattern - names with `/` between, each a wildcard (see {@link compileWildcard}) or `**`; one at the end is everything below, not the
 *   folder before it. An initial `./`, doubled slashes and slashes at the end mean nothing here
 * @param anchored - whether the first name must be the first of the path; otherwise any folders may come before
 */
export function compilePathPattern(pattern: string, anchored: boolean): PathPattern {
  const written = splitPath(pattern)
  const below = written.at(-1) === '**' ? [...written, '*'] : written
  const parts = below.map((part): Part => (part === '**' ? 'folders' : compileWildcard(part)))
  const all: readonly Part[] = anchored ? parts : ['folders', ...parts]
  const names = all.map((part) => (part === 'folders' ? undefined : part.literal))
  const certain = names.findIndex((name) => name === undefined)
  const last = all.at(-1)
  return {
    literal: certain === -1 ? names.join('/') : undefined,
    lastName: last === undefined || last === 'folders' ? compileWildcard('*') : last,
    isName: all.length === 2 && all[0] === 'folders',
    certainFolders: names.slice(0, certain).filter((name) => name !== undefined),
    matches: (path) => matchParts(all, path),
  }
}

/** The names of a path or pattern. */
export function splitPath(path: string): readonly string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.')
}

/** As with the characters of a wildcard: `**` takes as little as possible, and only the last one ever has to take more. */
function matchParts(parts: readonly Part[], names: readonly string[]): boolean {
  let part = 0
  let position = 0
  let lastRun = -1
  let taken = 0
  while (position < names.length) {
    const current = parts[part]
    if (current === 'folders') {
      lastRun = part++
      taken = position
    } else if (current?.matches(names[position] ?? '') === true) {
      part++
      position++
    } else if (lastRun >= 0) {
      taken++
      part = lastRun + 1
      position = taken
    } else {
      return false
    }
  }
  while (parts[part] === 'folders') part++
  return part === parts.length
}
