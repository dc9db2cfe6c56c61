import type { SelectionRules } from '../selection/selection-rules.ts'

/** What one profile of a configuration says, with everything resolved: what is mirrored, from where, to where. */
export interface MirrorConfig {
  /** Absolute path of the folder whose content is mirrored. */
  readonly source: string
  /** Absolute path of the folder that holds `mirror/` and the increments. Neither of the two lies in the other. */
  readonly destination: string
  /** What of the source is mirrored, and of what increments keep the history. */
  readonly rules: SelectionRules
  /** Threads that copy at the same time, at least 1; undefined leaves the number to the run. */
  readonly maxWorkers: number | undefined
}
