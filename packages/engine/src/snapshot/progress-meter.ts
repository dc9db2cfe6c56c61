import type { Progress } from '../progress.ts'
import type { SnapshotSummary } from '../repository/snapshot.ts'

/** Time between two reports, in milliseconds. */
const INTERVAL = 100

/** Where a snapshot is. */
export interface Position {
  readonly filesDone: number
  readonly bytesDone: number
  /** Paths being scanned or read. */
  readonly current: readonly string[]
}

/** Reports how far a snapshot is, several times a second, while it is started. */
export class ProgressMeter {
  readonly #onProgress: ((progress: Progress) => void) | undefined
  readonly #position: () => Position
  #expected: SnapshotSummary | undefined
  #timer: NodeJS.Timeout | undefined
  /** Entries that could not be saved so far. */
  problems = 0

  /** @param position - asked at each report */
  constructor(onProgress: ((progress: Progress) => void) | undefined, position: () => Position) {
    this.#onProgress = onProgress
    this.#position = position
  }

  /**
   * Starts to report.
   * @param parent - what the parent snapshot held: the best guess at what this one will
   */
  start(parent: SnapshotSummary | undefined): void {
    this.#expected = parent
    if (this.#onProgress !== undefined) this.#timer = setInterval(() => this.#report(), INTERVAL)
  }

  /** Reports a last time, and no more. Idempotent. */
  stop(): void {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#report()
  }

  #report(): void {
    const { filesDone, bytesDone, current } = this.#position()
    this.#onProgress?.({
      phase: 'saving',
      filesDone,
      filesTotal: this.#expected && Math.max(filesDone, this.#expected.totalFilesProcessed),
      bytesDone,
      bytesTotal: this.#expected && Math.max(bytesDone, this.#expected.totalBytesProcessed),
      current,
      errors: this.problems,
    })
  }
}
