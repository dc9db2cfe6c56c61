import type { Clock } from '../../src/repository/lock-clock.ts'

interface Sleeper {
  readonly until: number
  readonly wake: () => void
}

/** Time that passes only when a test lets it. */
export class TestClock implements Clock {
  #now: number
  readonly #sleepers = new Set<Sleeper>()

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve()
      const sleeper: Sleeper = {
        until: this.#now + ms,
        wake: () => {
          this.#sleepers.delete(sleeper)
          resolve()
        },
      }
      this.#sleepers.add(sleeper)
      signal?.addEventListener('abort', sleeper.wake, { once: true })
    })
  }

  /** Lets so many milliseconds pass; who sleeps wakes at its moment, and does what it does, before time goes on. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms
    await settle()
    for (let next = this.#next(); next !== undefined && next.until <= end; next = this.#next()) {
      this.#now = Math.max(this.#now, next.until)
      next.wake()
      await settle()
    }
    this.#now = end
  }

  /** Lets time jump, as it does while a machine sleeps: who sleeps is late. */
  async jump(ms: number): Promise<void> {
    this.#now += ms
    await this.pass(0)
  }

  /** Lets time pass until `promise` is settled. */
  async passUntil<T>(promise: Promise<T>): Promise<T> {
    const state = { settled: false }
    const done = (): void => {
      state.settled = true
    }
    promise.then(done, done)
    for (await settle(); !state.settled; await settle()) {
      const next = this.#next()
      if (next !== undefined) await this.pass(Math.max(0, next.until - this.#now))
    }
    return promise
  }

  #next(): Sleeper | undefined {
    let first: Sleeper | undefined
    for (const sleeper of this.#sleepers) if (first === undefined || sleeper.until < first.until) first = sleeper
    return first
  }
}

/** Until all that waits for nothing but other promises has gone on. */
async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise(setImmediate)
}
