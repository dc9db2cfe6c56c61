import type { Progress } from '@varve/platform'

/** Milliseconds between two reports. */
const INTERVAL = 200

/** How much a phase will have to do, as far as it is known. */
export interface PhaseTotals {
  readonly files?: number
  readonly bytes?: number
}

/** Reports a job that goes through phases, a few times a second. */
export class PhaseProgress {
  readonly #onProgress: ((progress: Progress) => void) | undefined
  #phase = ''
  #totals: PhaseTotals = {}
  #files = 0
  #bytes = 0
  #lastReport = 0
  /** Problems found so far. */
  errors = 0

  constructor(onProgress: ((progress: Progress) => void) | undefined) {
    this.#onProgress = onProgress
  }

  /** Starts a phase, from zero. */
  begin(phase: string, totals: PhaseTotals = {}): void {
    this.#phase = phase
    this.#totals = totals
    this.#files = 0
    this.#bytes = 0
    this.#report()
  }

  /** Counts what was done since the last call. */
  advance(files: number, bytes = 0): void {
    this.#files += files
    this.#bytes += bytes
    if (this.#onProgress !== undefined && performance.now() - this.#lastReport >= INTERVAL) this.#report()
  }

  /** Reports where the phase ended. */
  end(): void {
    this.#report()
  }

  #report(): void {
    this.#lastReport = performance.now()
    this.#onProgress?.({
      phase: this.#phase,
      filesDone: this.#files,
      filesTotal: this.#totals.files,
      bytesDone: this.#bytes,
      bytesTotal: this.#totals.bytes,
      current: [],
      errors: this.errors,
    })
  }
}
