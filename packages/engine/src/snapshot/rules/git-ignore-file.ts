import ignore, { type Ignore } from 'ignore'
import type { ByteString } from './byte-string.ts'

/** After so many questions, what the matcher remembers of each path is let go. */
const REMEMBERED = 10_000

/** What a file of git's patterns says of a path: nothing, or the last of them that matches decides. */
export type Verdict = 'ignored' | 'included' | undefined

/**
 * The patterns of one file as gitignore(5) describes them, for paths relative to the folder that the file is for. Git compares bytes, so
 * both patterns and paths are byte strings.
 */
export class GitIgnoreFile {
  readonly #patterns: Ignore
  #matcher: Ignore
  #asked = 0

  private constructor(patterns: Ignore) {
    this.#patterns = patterns
    this.#matcher = copy(patterns)
  }

  /** @param bytes - the content of the file */
  static parse(bytes: Buffer): GitIgnoreFile {
    const hasByteOrderMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
    return new GitIgnoreFile(ignore({ ignorecase: false }).add(bytes.toString('latin1', hasByteOrderMark ? 3 : 0)))
  }

  /** @param path - of an entry; with a `/` after it for a folder */
  verdict(path: ByteString): Verdict {
    if (++this.#asked > REMEMBERED) {
      this.#matcher = copy(this.#patterns)
      this.#asked = 0
    }
    const { ignored, unignored } = this.#matcher.test(path)
    return ignored ? 'ignored' : unignored ? 'included' : undefined
  }

  /**
   * The same patterns where this folder is not to count as ignored: another file includes it again, or it has been asked for by name.
   * Without that, all that is in it would be ignored with it.
   *
   * @param folder - its path with a `/` after it
   */
  sparing(folder: ByteString): GitIgnoreFile {
    // As a list, so that the name of a folder may hold line ends.
    return new GitIgnoreFile(copy(this.#patterns).add([`!/${folder.replace(/[\\*?[\]!# ]/g, '\\$&')}`]))
  }
}

function copy(patterns: Ignore): Ignore {
  return ignore({ ignorecase: false }).add(patterns)
}
