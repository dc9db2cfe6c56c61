import type { BigIntStats } from 'node:fs'
import { resolve } from 'node:path'
import { VarveError } from '@varve/platform/errors'
import type { Problem } from '@varve/platform'
import { CACHE_TAG, parseExclusionTag } from './exclude-if-present.ts'
import type { RuleSettings } from './folder-rules.ts'
import { OwnFiles } from './own-files.ts'
import { compilePatterns } from './pattern.ts'
import { WalkRules } from './walk-rules.ts'

/** What to leave out of a snapshot. */
export interface RuleOptions {
  /** Patterns with restic's meaning, see `pattern.ts`. */
  readonly exclude?: readonly string[]
  /** The same, whatever the case of letters. */
  readonly iexclude?: readonly string[]
  /** `filename[:header]`: leaves out what is beside such a file, but not the file itself. */
  readonly excludeIfPresent?: readonly string[]
  /** Leaves out the content of folders with a CACHEDIR.TAG (https://bford.info/cachedir/). */
  readonly excludeCaches?: boolean
  /** Leaves out files of more bytes than this. */
  readonly excludeLargerThan?: number
  /** Does not cross from a source's file system into another. */
  readonly oneFileSystem?: boolean
  /** Leaves out what git's ignore files say, see `git-ignore.ts`. */
  readonly gitignore?: boolean
}

/** What rules are applied to. */
export interface RuleContext {
  /** Paths of what is saved; no rule leaves out these themselves. */
  readonly sources: readonly string[]
  /** Paths that no snapshot may hold, whatever the rules and the sources: the repository's own, see {@link OwnFiles}. */
  readonly ownPaths: readonly string[]
  /** Told of files that rules ask for and that cannot be used; the walk goes on without them. */
  readonly onWarning?: ((problem: Problem) => void) | undefined
}

/**
 * Says what a walk over the sources, depth first, leaves out. Paths are as the walk has them, relative ones relative to the current folder.
 */
export interface Rules {
  /**
   * Whether an entry is left out as far as its path tells. For entries of a folder that the walk has not entered, such as sources that are
   * not explicit; those of an entered folder have been asked about there, so that this is false for them.
   */
  excludesPath(path: string): boolean
  /**
   * Whether an entry is left out, all but its path considered.
   * @param stats - what `lstat` gave
   * @param explicit - whether it is a source that the user named: then only the repository itself is left out
   */
  excludes(path: string, stats: BigIntStats, explicit: boolean): boolean
  /**
   * Tells that the walk goes into a folder.
   * @param names - all names in it
   * @param stats - what `lstat` gave for it
   * @returns those of the names that are not left out, in the same order
   */
  enterFolder(path: string, names: readonly string[], stats: BigIntStats): readonly string[]
  /** Tells that the walk leaves the folder that it entered last. */
  leaveFolder(path: string): void
}

const NO_RULES: Rules = {
  excludesPath: () => false,
  excludes: () => false,
  enterFolder: (_, names) => names,
  leaveFolder: () => {
    // Nothing was noted when it was entered.
  },
}

/**
 * Compiles rules. The sources must exist.
 * @throws ERR_VARVE_BAD_ARGUMENT where a pattern is malformed, a tag has no name or a size is none
 */
export function compileRules(options: RuleOptions, context: RuleContext): Rules {
  const { exclude = [], iexclude = [], excludeIfPresent = [], excludeCaches = false } = options
  const { excludeLargerThan: largest, oneFileSystem = false, gitignore = false } = options
  const settings: RuleSettings = {
    patterns: [
      ...(exclude.length === 0 ? [] : [compilePatterns(exclude)]),
      ...(iexclude.length === 0 ? [] : [compilePatterns(iexclude, { ignoreCase: true })]),
    ],
    tags: [...excludeIfPresent.map(parseExclusionTag), ...(excludeCaches ? [CACHE_TAG] : [])],
    largest: largest === undefined ? undefined : wholeBytes(largest),
    oneFileSystem,
    gitignore,
    ownFiles: new OwnFiles(context.ownPaths),
    sources: context.sources.map((source) => resolve(source)),
    onWarning: context.onWarning,
  }
  const { patterns, tags } = settings
  const isNeeded =
    patterns.length > 0 ||
    tags.length > 0 ||
    largest !== undefined ||
    oneFileSystem ||
    gitignore ||
    context.ownPaths.length > 0
  return isNeeded ? new WalkRules(settings) : NO_RULES
}

function wholeBytes(size: number): bigint {
  if (size >= 0 && Number.isFinite(size)) return BigInt(Math.floor(size))
  throw new VarveError('ERR_VARVE_BAD_ARGUMENT', `${size} is not a size above which files could be left out`)
}
