/** Lets a bounded number of tasks run at once; the others wait in the order in which they came. */
export class ConcurrencyLimit {
  #free: number
  readonly #waiting: (() => void)[] = []

  /** @param limit - tasks that may run at once, at least 1 */
  constructor(limit: number) {
    this.#free = limit
  }

  /** Runs `task` as soon as there is room for it, and passes on what comes of it. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await task()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }
}
