import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import { describeError, systemErrorCode } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import type { Problem } from '@varve/platform'
import { byteString, type ByteString } from './byte-string.ts'
import { gitFolder } from './git-folder.ts'
import { GitIgnoreFile } from './git-ignore-file.ts'

/** Told of a file of patterns that cannot be used. */
export type OnWarning = ((problem: Problem) => void) | undefined

/** Git does not use larger files of patterns either, in bytes. */
const LARGEST_FILE = 100 << 20

/** A file of patterns and the path from its folder to the one at hand, with `/` after each name. */
interface Level {
  readonly file: GitIgnoreFile
  readonly path: string
}

/**
 * What git's ignore files say of the entries of one folder (gitignore(5)): the `.gitignore` of the folder itself and of those above it up
 * to the top of the work tree, the nearest first, then the repository's `info/exclude`. A repository inside another is a world of its own.
 * Where there is no repository, the files count from the top of what is saved. Whether git tracks a file makes no difference, and a user's
 * own `core.excludesFile` does not count.
 */
export class GitIgnore {
  readonly #levels: readonly Level[]
  readonly #isInGitFolder: boolean
  readonly #onWarning: OnWarning

  private constructor(levels: readonly Level[], isInGitFolder: boolean, onWarning: OnWarning) {
    this.#levels = levels
    this.#isInGitFolder = isInGitFolder
    this.#onWarning = onWarning
  }

  /**
   * What counts in a folder that a walk starts in. The folder itself, and those that lead to it, count as included.
   *
   * @param folder - absolute path
   * @param top - absolute path of the folder, or of one above it, where to begin if there is no repository
   */
  static startAt(folder: string, top: string, onWarning: OnWarning): GitIgnore {
    let root = folder
    while (gitFolder(root) === undefined && dirname(root) !== root) root = dirname(root)
    if (gitFolder(root) === undefined) root = top
    let state = GitIgnore.#forTop(root, onWarning)
    let path = root
    for (const name of relative(root, folder).split(sep)) {
      if (name === '') continue
      path = join(path, name)
      state = state.enter(path, undefined)
    }
    return state
  }

  static #forTop(folder: string, onWarning: OnWarning): GitIgnore {
    const shared = gitFolder(folder)
    const files = [
      shared === undefined ? undefined : readIgnoreFile(join(shared, 'info', 'exclude'), 0, onWarning),
      readIgnoreFile(join(folder, '.gitignore'), NO_LINKS, onWarning),
    ]
    const levels = files.filter((file) => file !== undefined).map((file) => ({ file, path: '' }))
    return new GitIgnore(levels, false, onWarning)
  }

  /** Whether git would ignore the entry of the folder. */
  ignores(name: string, isFolder: boolean): boolean {
    // Git never looks at its own folder, so that no pattern is about it.
    if (this.#levels.length === 0 || name === '.git') return false
    const entry = byteString(isFolder ? `${name}/` : name)
    for (let index = this.#levels.length - 1; index >= 0; index--) {
      const level = this.#levels[index]
      const verdict = level?.file.verdict(below(level, entry))
      if (verdict !== undefined) return verdict === 'ignored'
    }
    return false
  }

  /**
   * What counts in a sub-folder, which is one that is not ignored, or not to be.
   *
   * @param folder - absolute path of the sub-folder
   * @param names - all names in it; undefined where they are not known
   */
  enter(folder: string, names: readonly string[] | undefined): GitIgnore {
    if (this.#isInGitFolder) return this
    const name = basename(folder)
    if (name === '.git') return new GitIgnore([], true, this.#onWarning)
    if (names?.includes('.git') !== false && gitFolder(folder) !== undefined) {
      return GitIgnore.#forTop(folder, this.#onWarning)
    }
    const own =
      names?.includes('.gitignore') === false
        ? undefined
        : readIgnoreFile(join(folder, '.gitignore'), NO_LINKS, this.#onWarning)
    if (own === undefined && this.#levels.length === 0) return this
    const entry = byteString(`${name}/`)
    const levels = this.#levels.map((level): Level => {
      const path = below(level, entry)
      return { file: level.file.verdict(path) === 'ignored' ? level.file.sparing(path) : level.file, path }
    })
    return new GitIgnore(own === undefined ? levels : [...levels, { file: own, path: '' }], false, this.#onWarning)
  }
}

function below(level: Level, entry: ByteString): ByteString {
  return (level.path + entry) as ByteString
}

/** Git does not follow a symbolic link in place of a `.gitignore`. */
const NO_LINKS = constants.O_NOFOLLOW ?? 0

function readIgnoreFile(path: string, flags: number, onWarning: OnWarning): GitIgnoreFile | undefined {
  try {
    // Without O_NONBLOCK, a FIFO would make this wait for somebody to write to it.
    const file = openSync(toFsPath(path), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | flags)
    try {
      const stats = fstatSync(file)
      if (!stats.isFile()) return undefined
      if (stats.size <= LARGEST_FILE) return GitIgnoreFile.parse(readFileSync(file))
      onWarning?.({ path, message: 'is too large for a file of patterns, and is not used as one' })
    } finally {
      closeSync(file)
    }
  } catch (error) {
    const code = systemErrorCode(error)
    if (code !== 'ENOENT' && code !== 'ENOTDIR') {
      onWarning?.({ path, message: `cannot be used as a file of patterns: ${describeError(error)}` })
    }
  }
  return undefined
}
