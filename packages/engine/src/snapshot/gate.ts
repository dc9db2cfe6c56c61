/** Where one loop waits for something to happen elsewhere, or to go wrong there. */
export class Gate {
  #waiting: (() => void)[] = []
  #failure: { readonly error: unknown } | undefined

  /** Lets everybody who waits look again. */
  open(): void {
    for (const resume of this.#waiting.splice(0)) resume()
  }

  /** Makes every present and later wait fail with the first error given. */
  fail(error: unknown): void {
    this.#failure ??= { error }
    this.open()
  }

  /** Throws what `fail` was given, if it was called. */
  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** Waits for the next `open` or `fail`. Rejects with what `fail` was given. */
  async wait(): Promise<void> {
    this.throwIfFailed()
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.throwIfFailed()
  }

  /** The result of `work`, or the failure if that comes first. */
  async orFailure<Result>(work: Promise<Result>): Promise<Result> {
    const state = { settled: false }
    const onSettled = (): void => {
      state.settled = true
      this.open()
    }
    work.then(onSettled, onSettled)
    while (!state.settled) await this.wait()
    return work
  }
}
