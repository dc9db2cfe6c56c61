/** Files that are flushed at once: file systems make several durable with one write to their journal. */
const FLUSHED_AT_ONCE = 16

/** Waits for files that are being made durable, several at once. */
export class FlushQueue {
  #running: Promise<void>[] = []

  /** Takes one that has begun. Throws where one before it failed. */
  async add(flushing: Promise<void>): Promise<void> {
    // It is waited for later; until then a failure has to be nobody's.
    flushing.catch(() => undefined)
    this.#running.push(flushing)
    if (this.#running.length >= FLUSHED_AT_ONCE) await this.finish()
  }

  /** Waits for all of them. Throws what the first of those threw that failed. */
  async finish(): Promise<void> {
    const running = this.#running
    this.#running = []
    const results = await Promise.allSettled(running)
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }
}
