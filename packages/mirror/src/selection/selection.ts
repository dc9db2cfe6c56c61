import { FileList } from './file-list.ts'
import { FolderList } from './folder-list.ts'
import type { SelectionRules } from './selection-rules.ts'

/** What happens to an entry: mirrored and tracked, only mirrored, or neither. */
export type Choice = 'tracked' | 'mirrored' | 'excluded'

/** What happens to a folder. */
export interface FolderChoice {
  /** What happens to the folder itself. One that is excluded is in the mirror all the same where anything below it is. */
  readonly choice: Choice
  /** Whether anything below can be in the mirror, so that the folder must be read. */
  readonly enter: boolean
}

/**
 * What of a source is mirrored, and what of that is tracked. For a file:
 *
 * 1. It is *named* where `includeFiles` or `trackFiles` have its exact path, *included* where it is named, where a pattern of these lists matches, or
 *    where it lies in a folder of `includeDirs` or `trackDirs` (or is itself what such an entry names).
 * 2. It is *left out* where it lies in a folder of `excludeDirs`, or where `excludeFiles` match; unless it is named.
 * 3. It is *tracked* where it is included, not left out, and anything in `trackFiles` or `trackDirs` speaks for it, whatever else includes it.
 *
 * So the order within the lists does not matter, an exclusion is stronger than a folder or a pattern, an exact path is stronger than an exclusion, and
 * tracking is stronger than mere inclusion.
 */
export class Selection {
  readonly #include: FolderList
  readonly #track: FolderList
  readonly #exclude: FolderList
  readonly #includeFiles: FileList
  readonly #trackFiles: FileList
  readonly #excludeFiles: FileList
  /** What the folder of the last file was, as files of one folder are asked for one after another. */
  #lastFolder: { readonly path: string; readonly choice: Choice; readonly excluded: boolean } | undefined

  /** @param rules - checked: relative paths without `..` */
  constructor(rules: SelectionRules) {
    this.#include = new FolderList(rules.includeDirs)
    this.#track = new FolderList(rules.trackDirs)
    this.#exclude = new FolderList(rules.excludeDirs)
    this.#includeFiles = new FileList(rules.includeFiles, false)
    this.#trackFiles = new FileList(rules.trackFiles, false)
    this.#excludeFiles = new FileList(rules.excludeFiles, true)
  }

  /** Folders without wildcards that are to be mirrored: somebody expects them to be there. Sorted by nothing in particular; `''` is the source. */
  get expectedFolders(): readonly string[] {
    return [...new Set([...this.#include.paths, ...this.#track.paths])]
  }

  /** Exact paths of files that are to be mirrored. */
  get expectedFiles(): readonly string[] {
    return [...new Set([...this.#includeFiles.paths, ...this.#trackFiles.paths])]
  }

  /**
   * What happens to something that is no folder: a file, or a symbolic link, whatever it points to.
   * @param path - relative to the source, `/` between names
   */
  decideFile(path: string): Choice {
    const slash = path.lastIndexOf('/')
    const folder = this.#folderOf(path, slash)
    const isTrackedByPath = this.#trackFiles.has(path)
    const named = isTrackedByPath || this.#includeFiles.has(path)
    const name = path.slice(slash + 1)
    if (!named && (folder.excluded || this.#excludeFiles.has(path) || this.#excludeFiles.matches(path, name))) {
      return 'excluded'
    }
    if (folder.choice === 'tracked' || isTrackedByPath || this.#track.names(path, name)) return 'tracked'
    if (this.#trackFiles.matches(path, name)) return 'tracked'
    if (folder.choice === 'mirrored' || named || this.#include.names(path, name)) return 'mirrored'
    return this.#includeFiles.matches(path, name) ? 'mirrored' : 'excluded'
  }

  /**
   * What happens to a folder.
   * @param path - relative to the source, `/` between names; `''` is the source
   */
  decideFolder(path: string): FolderChoice {
    const hasNamed = this.#includeFiles.hasPathBelow(path) || this.#trackFiles.hasPathBelow(path)
    if (this.#exclude.covers(path)) return { choice: 'excluded', enter: hasNamed }
    const choice = this.#choiceByFolders(path)
    const enter =
      choice !== 'excluded' ||
      hasNamed ||
      this.#includeFiles.hasPatterns ||
      this.#trackFiles.hasPatterns ||
      this.#include.mayLieBelow(path) ||
      this.#track.mayLieBelow(path)
    return { choice, enter }
  }

  /** What the folder that a path lies in was decided to be, without regard to exclusion: that is a thing of its own. */
  #folderOf(path: string, slash: number): { readonly choice: Choice; readonly excluded: boolean } {
    const last = this.#lastFolder
    if (last !== undefined && isSameFolder(path, slash, last.path)) return last
    const folder = slash === -1 ? '' : path.slice(0, slash)
    const decided = {
      path: folder,
      choice: this.#choiceByFolders(folder),
      excluded: this.#exclude.covers(folder),
    }
    this.#lastFolder = decided
    return decided
  }

  #choiceByFolders(folder: string): Choice {
    if (this.#track.covers(folder)) return 'tracked'
    return this.#include.covers(folder) ? 'mirrored' : 'excluded'
  }
}

function isSameFolder(path: string, slash: number, folder: string): boolean {
  return slash === -1 ? folder === '' : slash === folder.length && path.startsWith(folder)
}
