import type { Progress } from '@varve/platform'
import type { Estimate } from './estimate.ts'

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
  #expected: Estimate | undefined
  #timer: NodeJS.Timeout | undefined
  /** Entries that could not be saved so far. */
  problems = 0

  /** @param position - asked at each report */
  constructor(onProgress: ((progress: Progress) => void) | undefined, position: () => Position) {
    this.#onProgress = onProgress
    this.#position = position
  }

  /** Starts to report. */
  start(): void {
    if (this.#onProgress !== undefined) this.#timer = setInterval(() => this.#report(), INTERVAL)
  }

  /** Says how much there will be to do, as far as anybody knows. */
  expect(estimate: Estimate): void {
    this.#expected = estimate
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
      filesTotal: this.#expected && Math.max(filesDone, this.#expected.files),
      bytesDone,
      bytesTotal: this.#expected && Math.max(bytesDone, this.#expected.bytes),
      current,
      errors: this.problems,
    })
  }
}
