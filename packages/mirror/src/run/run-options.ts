import type { LongCall, Problem } from '@varve/platform'

/** How a run of a mirror goes. */
export interface RunOptions extends LongCall {
  /** Finds out what would be done, and changes nothing. */
  readonly dryRun?: boolean | undefined
  /** Compares contents instead of sizes and times. */
  readonly checksum?: boolean | undefined
  /** Takes a source with nothing in it for one that was emptied, not for one that is not mounted. */
  readonly allowEmpty?: boolean | undefined
  /** Threads that read and write at the same time, instead of what the configuration says. */
  readonly maxWorkers?: number | undefined
  /** When the run begins; now if left out. Increments are named after it. */
  readonly now?: Date | undefined
  /** Called with each entry that could not be mirrored, when that is found out. */
  readonly onProblem?: ((problem: Problem) => void) | undefined
  /** Called with what the user should know, once. */
  readonly onNotice?: ((notice: string) => void) | undefined
}

/** What a run does, or would do, at a path. */
export interface MirrorChange {
  /** Relative to the source. */
  readonly path: string
  /** `new`, `changed` and `removed` in the mirror; `tracking` where only what increments keep changes. */
  readonly change: 'new' | 'changed' | 'removed' | 'tracking'
  readonly type: 'file' | 'dir' | 'symlink' | 'other'
  /** Whether increments keep its history. */
  readonly tracked: boolean
  /** Bytes of the file's content, as the source has it; 0 for what goes, and for all but files. */
  readonly size: number
}

/** What a run did, or would do. */
export interface RunResult {
  /** Name of the increment that was made; undefined where nothing tracked changed, and in a dry run. */
  readonly increment: string | undefined
  /** Name of the increment that an interrupted run had begun to publish, and this one brought to its end. */
  readonly recovered: string | undefined
  /** In the order of paths. */
  readonly changes: readonly MirrorChange[]
  /** Entries of the source that the mirror has, or is to have, without what could not be read. */
  readonly entries: number
  /** Bytes of content that were copied. */
  readonly bytesCopied: number
  /** What could not be mirrored, or not as a whole. The mirror keeps what it had of those. */
  readonly problems: readonly Problem[]
}
