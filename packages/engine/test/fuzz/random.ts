/** Numbers that look random and are the same for the same seed (xorshift128, G. Marsaglia, "Xorshift RNGs", 2003). */
export class Random {
  #x: number
  #y = 362_436_069
  #z = 521_288_629
  #w = 88_675_123

  /** @param seed - any integer */
  constructor(seed: number) {
    this.#x = (seed ^ 0x9e37_79b9) >>> 0
    for (let i = 0; i < 16; i++) this.#next()
  }

  /** An integer from 0 to before `limit`. */
  below(limit: number): number {
    return Math.floor((this.#next() / 2 ** 32) * limit)
  }

  /** True once in `times`. */
  oneIn(times: number): boolean {
    return this.below(times) === 0
  }

  /** One of several. */
  pick<T>(choices: readonly T[]): T {
    const chosen = choices[this.below(choices.length)]
    if (chosen === undefined) throw new Error('there is nothing to pick from')
    return chosen
  }

  #next(): number {
    const t = this.#x ^ (this.#x << 11)
    this.#x = this.#y
    this.#y = this.#z
    this.#z = this.#w
    this.#w = this.#w ^ (this.#w >>> 19) ^ t ^ (t >>> 8)
    return this.#w >>> 0
  }
}
