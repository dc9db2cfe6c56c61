import { setTimeout as wait } from 'node:timers/promises'

/** Time, as tests replace it. */
export interface Clock {
  /** Milliseconds since 1970; goes on while the machine sleeps. */
  now(): number
  /** Resolves after so many milliseconds, and as soon as `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** The real time. */
export const systemClock: Clock = {
  now: Date.now,
  sleep: async (ms, signal) => {
    // Only an abort makes it fail, and that ends the sleep just as well.
    await wait(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
  },
}
