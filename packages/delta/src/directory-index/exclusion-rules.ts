import { lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ignore, { type Ignore } from 'ignore'
import { describeError, systemErrorCode, VarveError } from '@varve/platform/errors'
import { nameToBytes, toFsPath } from '@varve/platform/file-name'

/** After so many questions, what the matcher remembers of each path is let go. */
const REMEMBERED = 10_000

/** What an index leaves out. */
export interface ExclusionRules {
  /** Name of a file at the top of the indexed folder that holds further patterns; the empty string for none. */
  readonly excludeFile: string
  /** Patterns as in gitignore(5), before those of the file: a later one that matches decides. */
  readonly excludes: readonly string[]
}

/** The rules where nothing else is asked for: what version control keeps for itself, and what the file `.exclude` says. */
export const DEFAULT_RULES: ExclusionRules = { excludeFile: '.exclude', excludes: ['.git/', '.hg/', '.svn/'] }

/** Says of each path of one folder whether it is left out. Patterns compare bytes, upper and lower case are different. */
export class Exclusion {
  readonly #patterns: Ignore
  #matcher: Ignore
  #asked = 0

  private constructor(patterns: Ignore) {
    this.#patterns = patterns
    this.#matcher = copy(patterns)
  }

  /**
   * The rules for a folder, with the patterns that its exclude file has now.
   * @throws ERR_VARVE_SOURCE where that file cannot be read, since what should stay out would otherwise come in
   */
  static of(folder: string, rules: ExclusionRules): Exclusion {
    const patterns = ignore({ ignorecase: false }).add(
      rules.excludes.map((pattern) => byteString(nameToBytes(pattern))),
    )
    const bytes = rules.excludeFile === '' ? undefined : readIfFile(join(folder, rules.excludeFile))
    if (bytes !== undefined) patterns.add(byteString(withoutByteOrderMark(bytes)))
    return new Exclusion(patterns)
  }

  /**
   * Whether an entry is left out, and all that is in it.
   *
   * @param path - relative to the folder
   */
  isExcluded(path: string, isFolder: boolean): boolean {
    if (++this.#asked > REMEMBERED) {
      this.#matcher = copy(this.#patterns)
      this.#asked = 0
    }
    const bytes = byteString(nameToBytes(path))
    return this.#matcher.ignores(isFolder ? `${bytes}/` : bytes)
  }
}

/** Whether two sets of rules are the same. */
export function isSameRules(a: ExclusionRules, b: ExclusionRules): boolean {
  return JSON.stringify([a.excludeFile, a.excludes]) === JSON.stringify([b.excludeFile, b.excludes])
}

function copy(patterns: Ignore): Ignore {
  return ignore({ ignorecase: false }).add(patterns)
}

/** One character a byte. */
function byteString(bytes: Buffer): string {
  return bytes.toString('latin1')
}

function withoutByteOrderMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes
}

function readIfFile(path: string): Buffer | undefined {
  try {
    return lstatSync(toFsPath(path)).isFile() ? readFileSync(toFsPath(path)) : undefined
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw new VarveError('ERR_VARVE_SOURCE', `cannot read what '${path}' excludes: ${describeError(error)}`, {
      cause: error,
    })
  }
}
