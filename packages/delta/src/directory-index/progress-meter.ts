import type { Progress } from '@varve/platform'

/** Milliseconds between two reports. */
const INTERVAL = 200

/** Counts what a job has done and tells of it a few times a second. */
export class ProgressMeter {
  filesDone = 0
  bytesDone = 0
  errors = 0
  readonly #report: ((progress: Progress) => void) | undefined
  readonly #filesTotal: number | undefined
  readonly #bytesTotal: number | undefined
  #phase: string
  #last = 0

  constructor(
    phase: string,
    report: ((progress: Progress) => void) | undefined,
    totals: { readonly files?: number; readonly bytes?: number } = {},
  ) {
    this.#phase = phase
    this.#report = report
    this.#filesTotal = totals.files
    this.#bytesTotal = totals.bytes
  }

  /** Tells of it if it is time to. `path` is what the job is at. */
  tick(path: string): void {
    if (this.#report === undefined || performance.now() - this.#last < INTERVAL) return
    this.#tell([path])
  }

  /** Tells how things are in the end. */
  finish(): void {
    this.#tell([])
  }

  #tell(current: readonly string[]): void {
    this.#last = performance.now()
    this.#report?.({
      phase: this.#phase,
      filesDone: this.filesDone,
      filesTotal: this.#filesTotal,
      bytesDone: this.bytesDone,
      bytesTotal: this.#bytesTotal,
      current,
      errors: this.errors,
    })
  }
}
