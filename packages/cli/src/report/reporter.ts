import type { Problem, Progress } from '@varve/engine'

/** An entry that a job has dealt with. */
export interface ReportedItem {
  readonly action: 'new' | 'modified' | 'unchanged' | 'restored' | 'updated' | 'deleted' | 'skipped'
  readonly path: string
  /** Bytes, where the entry has content. */
  readonly size?: number
  /** From how many `-v` on it is shown to people. */
  readonly level: 0 | 1 | 2
}

/** Where a running job tells what it does. Results are not its business: those are returned. */
export interface Reporter {
  /** How far the job is. */
  progress(progress: Progress): void
  item(item: ReportedItem): void
  /** An entry that could not be processed; the job goes on. */
  problem(problem: Problem): void
  /** Something that the user should know and that is no failure. `message` is for programs. */
  notice(text: string, message?: object): void
  /** Something that the user should do something about. */
  warning(text: string): void
  /** The job has ended: no progress is shown any more. */
  end(): void
}
