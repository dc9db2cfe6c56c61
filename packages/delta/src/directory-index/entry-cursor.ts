import { comparePaths, isBelow } from './entry-path.ts'

/** Goes through entries that come in order of their paths, beside something else that is in the same order. */
export class EntryCursor<T extends { readonly path: string }> {
  readonly #entries: AsyncIterator<T>
  #current: T | undefined
  #started = false

  constructor(entries: AsyncIterable<T>) {
    this.#entries = entries[Symbol.asyncIterator]()
  }

  /** The entry that the cursor is at; undefined after the last one. */
  async current(): Promise<T | undefined> {
    if (!this.#started) await this.advance()
    return this.#current
  }

  /** Goes to the next entry. */
  async advance(): Promise<void> {
    this.#started = true
    const next = await this.#entries.next()
    this.#current = next.done === true ? undefined : next.value
  }

  /** Goes on to `path` and returns the entry there, if there is one. Paths that come before it are passed over. */
  async find(path: string): Promise<T | undefined> {
    for (;;) {
      const entry = await this.current()
      if (entry === undefined) return undefined
      const order = comparePaths(entry.path, path)
      if (order >= 0) return order === 0 ? entry : undefined
      await this.advance()
    }
  }

  /** All entries below `folder`, at any depth. */
  async *below(folder: string): AsyncGenerator<T> {
    if ((await this.find(folder)) !== undefined) await this.advance()
    for (let entry = await this.current(); entry !== undefined && isBelow(entry.path, folder);) {
      yield entry
      await this.advance()
      entry = await this.current()
    }
  }

  /** Tells the source that nothing more is wanted. */
  async close(): Promise<void> {
    await this.#entries.return?.()
  }
}
