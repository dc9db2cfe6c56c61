import { type BigIntStats, readdirSync } from 'node:fs'
import { basename, sep } from 'node:path'
import { nameFromBytes, toFsPath } from '@varve/platform/file-name'
import type { Problem } from '@varve/platform'
import { type ExclusionTag, isMarked } from './exclude-if-present.ts'
import { GitIgnore } from './git-ignore.ts'
import { OneFileSystem } from './one-file-system.ts'
import type { OwnFiles } from './own-files.ts'
import type { Patterns } from './pattern.ts'
import type { PatternState } from './pattern-state.ts'
import { statIfThere } from './stat-if-there.ts'

/** Rules, compiled, and what they are applied to. */
export interface RuleSettings {
  /** Lists of patterns, none of them empty; what one of them matches is left out. */
  readonly patterns: readonly Patterns[]
  readonly tags: readonly ExclusionTag[]
  /** Bytes of the largest file that is not left out. */
  readonly largest: bigint | undefined
  readonly oneFileSystem: boolean
  readonly gitignore: boolean
  readonly ownFiles: OwnFiles
  /** Absolute paths. */
  readonly sources: readonly string[]
  readonly onWarning: ((problem: Problem) => void) | undefined
}

/** A folder whose entries rules are asked about. */
export interface RuledFolder {
  readonly path: string
  /** What `lstat` gave for it; undefined where it is gone. */
  readonly stats: BigIntStats | undefined
  /** All names in it. */
  readonly names: readonly string[]
}

/** What depends on where a walk is. */
interface Position {
  readonly patterns: readonly PatternState[]
  /** Names of the tags that the folder is marked by. */
  readonly marks: readonly string[]
  readonly ownNames: ReadonlySet<string> | undefined
  readonly fileSystem: OneFileSystem | undefined
  readonly git: GitIgnore | undefined
}

/** What the rules say of the entries of one folder. */
export class FolderRules {
  readonly #settings: RuleSettings
  readonly #at: Position

  private constructor(settings: RuleSettings, at: Position) {
    this.#settings = settings
    this.#at = at
  }

  /** For the entries of a folder that a walk starts in. @param folder - with its absolute path */
  static startAt(settings: RuleSettings, folder: RuledFolder): FolderRules {
    const { path, stats } = folder
    // From the outermost to the innermost, since each that holds the folder is a start of its path.
    const around = settings.sources.filter((source) => isIn(path, source)).toSorted((a, b) => a.length - b.length)
    const patternPath = sep === '/' ? path : path.replaceAll(sep, '/')
    return new FolderRules(settings, {
      patterns: settings.patterns.map((patterns) => patterns.below(patternPath)),
      fileSystem: settings.oneFileSystem ? OneFileSystem.startAt(around.at(-1) ?? path, stats) : undefined,
      git: settings.gitignore ? GitIgnore.startAt(path, around[0] ?? path, settings.onWarning) : undefined,
      ...marksAndNames(settings, folder),
    })
  }

  /** For the entries of a sub-folder. */
  enter(folder: RuledFolder & { readonly stats: BigIntStats }): FolderRules {
    const { patterns, fileSystem, git } = this.#at
    const name = basename(folder.path)
    return new FolderRules(this.#settings, {
      patterns: patterns.map((state) => state.enter(name)),
      fileSystem: fileSystem?.enter(folder.stats),
      git: git?.enter(folder.path, folder.names),
      ...marksAndNames(this.#settings, folder),
    })
  }

  /** Whether an entry is left out for its name and the folder that it is in. */
  excludesName(name: string): boolean {
    const { patterns, marks, ownNames } = this.#at
    for (const state of patterns) if (state.matches(name)) return true
    for (const mark of marks) if (mark !== name) return true
    return ownNames?.has(name) === true
  }

  /** The names that are not left out for themselves. */
  keptNames(names: readonly string[]): readonly string[] {
    const { patterns, marks, ownNames } = this.#at
    if (patterns.length === 0 && marks.length === 0 && ownNames === undefined) return names
    return names.filter((name) => !this.excludesName(name))
  }

  /** Whether an entry is left out for something else than its name. @param stats - what `lstat` gave */
  excludes(name: string, stats: BigIntStats): boolean {
    const { ownFiles, largest } = this.#settings
    const { fileSystem, git } = this.#at
    return (
      ownFiles.has(stats) ||
      (largest !== undefined && stats.size > largest && !stats.isDirectory()) ||
      fileSystem?.excludes(stats) === true ||
      git?.ignores(name, stats.isDirectory()) === true
    )
  }
}

/** What `lstat` and a listing give for a folder. Of one that has gone meanwhile, nothing is known. */
export function inspectFolder(path: string): RuledFolder {
  const stats = statIfThere(path)
  try {
    const names = readdirSync(toFsPath(path), { encoding: 'buffer' }).map((name) => nameFromBytes(name))
    return { path, stats, names }
  } catch {
    return { path, stats, names: [] }
  }
}

function marksAndNames(settings: RuleSettings, folder: RuledFolder): Pick<Position, 'marks' | 'ownNames'> {
  const marks = settings.tags.filter((tag) => isMarked(tag, folder.path, folder.names, settings.onWarning))
  return { marks: marks.map((tag) => tag.name), ownNames: folder.stats && settings.ownFiles.namesIn(folder.stats) }
}

function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}
