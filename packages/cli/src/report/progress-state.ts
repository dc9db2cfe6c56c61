import type { Progress } from '@varve/engine'
import { RateEstimate } from './rate-estimate.ts'

/** What can be said of a job at one moment, besides what the engine reports. */
export interface JobTiming {
  /** Milliseconds since the job began. */
  readonly elapsed: number
  readonly bytesPerSecond: number | undefined
  /** Milliseconds; undefined as long as it cannot be told. */
  readonly remaining: number | undefined
  /** From 0 to 1; undefined as long as the total is not known. */
  readonly fraction: number | undefined
}

/** Keeps the last progress that the engine reported and works out rate and time left. */
export class ProgressState {
  readonly #now: () => number
  readonly #begin: number
  #phase = ''
  #rate = new RateEstimate()
  #last: Progress | undefined

  /** @param now - a clock in milliseconds that only goes forward */
  constructor(now: () => number) {
    this.#now = now
    this.#begin = now()
  }

  get last(): Progress | undefined {
    return this.#last
  }

  update(progress: Progress): void {
    // Another phase counts other bytes.
    if (progress.phase !== this.#phase) this.#rate = new RateEstimate()
    this.#phase = progress.phase
    this.#rate.add(this.#now(), progress.bytesDone)
    this.#last = progress
  }

  timing(): JobTiming {
    const { bytesDone = 0, bytesTotal } = this.#last ?? {}
    const bytesPerSecond = this.#rate.bytesPerSecond
    const known = bytesTotal !== undefined && bytesTotal > 0
    return {
      elapsed: this.#now() - this.#begin,
      bytesPerSecond,
      fraction: known ? Math.min(1, bytesDone / bytesTotal) : undefined,
      remaining:
        known && bytesPerSecond !== undefined && bytesPerSecond > 0
          ? (Math.max(0, bytesTotal - bytesDone) * 1000) / bytesPerSecond
          : undefined,
    }
  }
}
