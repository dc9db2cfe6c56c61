import type { StoredSnapshot } from '@varve/engine'
import type { LongCall, Problem } from '@varve/platform'

/** Tag of all snapshots that were made of a mirror. */
export const MIRROR_TAG = 'mirror'

/** Tag of those that lack something, or may have been otherwise. */
export const INCOMPLETE_TAG = 'mirror-incomplete'

/** How a mirror is imported. */
export interface MirrorImportOptions extends LongCall {
  /** Absolute path of the source, for increments that do not tell it; where it is left out, those are saved under the path of the mirror itself. */
  readonly source?: string | undefined
  /** Name of the machine that snapshots are of; this one's if left out. */
  readonly host?: string | undefined
  /** Do all the work, store nothing. */
  readonly dryRun?: boolean | undefined
  /** Threads that read and seal. */
  readonly workers?: number | undefined
  /** Do not lock the repository. */
  readonly noLock?: boolean | undefined
  /** Written into snapshots as the program that made them. */
  readonly programVersion?: string | undefined
  /** Called with what cannot be imported. */
  readonly onProblem?: ((problem: Problem) => void) | undefined
  /** Called with what the user should know, once. */
  readonly onNotice?: ((notice: string) => void) | undefined
}

/** A snapshot that was made of an increment, or of the mirror as it is. */
export interface ImportedIncrement {
  /** Name of the increment; `mirror` for the mirror as it is. */
  readonly name: string
  readonly snapshot: StoredSnapshot
  /** Whether nothing is missing in it. */
  readonly isComplete: boolean
}

/** What importing a mirror did. */
export interface MirrorImportResult {
  /** In their order in time. */
  readonly imported: readonly ImportedIncrement[]
  /** Names of what the repository had already, in the same order. */
  readonly known: readonly string[]
  /** What could not be imported, or may have been otherwise. */
  readonly problems: readonly Problem[]
}
