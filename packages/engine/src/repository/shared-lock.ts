const FREE = 0
const HELD = 1
/** Held, and somebody may be waiting. */
const CONTENDED = 2

/** What the lock guards takes microseconds: who cannot get it for this long waits for a thread that has died with it. */
const STUCK_AFTER_MS = 60_000

/** A lock between threads in one word of shared memory: the second mutex of U. Drepper, "Futexes Are Tricky" (2011). */
export class SharedLock {
  readonly #words: Int32Array
  readonly #word: number
  readonly #stuckAfter: number

  /**
   * @param words - shared memory
   * @param word - which of its words is the lock; 0 when free
   * @param stuckAfter - how long to wait for it, in milliseconds
   */
  constructor(words: Int32Array, word: number, stuckAfter = STUCK_AFTER_MS) {
    this.#words = words
    this.#word = word
    this.#stuckAfter = stuckAfter
  }

  /** Takes the lock, waiting for whoever has it. Not to be called by a thread that has it already. */
  acquire(): void {
    if (Atomics.compareExchange(this.#words, this.#word, FREE, HELD) === FREE) return
    while (Atomics.exchange(this.#words, this.#word, CONTENDED) !== FREE) {
      if (Atomics.wait(this.#words, this.#word, CONTENDED, this.#stuckAfter) === 'timed-out') {
        throw new Error('a thread ended while it held a lock')
      }
    }
  }

  /** Gives the lock back. */
  release(): void {
    if (Atomics.exchange(this.#words, this.#word, FREE) === CONTENDED) Atomics.notify(this.#words, this.#word, 1)
  }
}
