/** Milliseconds over which the rate is taken: long enough to be calm, short enough to follow a change. */
const WINDOW = 10_000

interface Sample {
  readonly at: number
  readonly bytes: number
}

/** How fast a job is, from what it had done at a few moments of the recent past. */
export class RateEstimate {
  readonly #samples: Sample[] = []

  /**
   * @param at - milliseconds, from any clock that only goes forward
   * @param bytes - done until then
   */
  add(at: number, bytes: number): void {
    this.#samples.push({ at, bytes })
    while (this.#samples.length > 2 && at - (this.#samples[1]?.at ?? at) >= WINDOW) this.#samples.shift()
  }

  /** Bytes per second; undefined as long as that would be a guess. */
  get bytesPerSecond(): number | undefined {
    const first = this.#samples[0]
    const last = this.#samples.at(-1)
    if (first === undefined || last === undefined || last.at - first.at < 500) return undefined
    return ((last.bytes - first.bytes) * 1000) / (last.at - first.at)
  }
}
