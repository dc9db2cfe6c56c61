import { setImmediate } from 'node:timers/promises'
import { throwIfAborted } from '@varve/platform/errors'

/** How long the main thread may be busy without a pause, in milliseconds. */
const LONGEST_BUSY = 30

/** Pauses in long synchronous work, so that other things happen in between and an abort is noticed. */
export class Breather {
  readonly #signal: AbortSignal | undefined
  #last = performance.now()

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal
  }

  /** Whether it is time for a {@link breathe}. Cheap enough to be asked for every entry. */
  get isDue(): boolean {
    return performance.now() - this.#last > LONGEST_BUSY
  }

  /** Lets other things happen. @throws ERR_VARVE_ABORTED */
  async breathe(): Promise<void> {
    throwIfAborted(this.#signal)
    await setImmediate()
    throwIfAborted(this.#signal)
    this.#last = performance.now()
  }
}
