/** Lets work that needs memory begin only as far as there is room for it. First come, first served. */
export class ByteBudget {
  readonly #limit: number
  #used = 0
  readonly #waiting: { readonly bytes: number; readonly resolve: () => void }[] = []

  /** @param limit - bytes that may be in use at a time; what needs more than that has to be alone */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Resolves when there is room for so many bytes; they are in use until they are released. */
  async acquire(bytes: number): Promise<void> {
    if (this.#waiting.length === 0 && this.#fits(bytes)) {
      this.#used += bytes
      return
    }
    await new Promise<void>((resolve) => this.#waiting.push({ bytes, resolve }))
  }

  /** Gives bytes back. */
  release(bytes: number): void {
    this.#used -= bytes
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift()
      this.#used += next.bytes
      next.resolve()
    }
  }

  #fits(bytes: number): boolean {
    return this.#used === 0 || this.#used + bytes <= this.#limit
  }
}
