/** Position of the counters in the shared array. */
const BYTES_READ = 0
const PACKS_IN_FLIGHT = 0

/** What saving threads and the main thread count together, in shared memory. */
export class SaveCounters {
  /** What another thread needs to attach to the same counters. */
  readonly shared: SharedArrayBuffer
  readonly #large: BigInt64Array<SharedArrayBuffer>
  readonly #small: Int32Array<SharedArrayBuffer>

  /** @param shared - the `shared` of another thread's counters; new ones if left out */
  constructor(shared = new SharedArrayBuffer(16)) {
    this.shared = shared
    this.#large = new BigInt64Array(shared, 0, 1)
    this.#small = new Int32Array(shared, 8, 1)
  }

  /** Bytes of content that have been read. */
  get bytesRead(): number {
    return Number(Atomics.load(this.#large, BYTES_READ))
  }

  /** Counts bytes as read. */
  addBytesRead(bytes: number): void {
    Atomics.add(this.#large, BYTES_READ, BigInt(bytes))
  }

  /** Counts a pack as handed over, after waiting, with the whole thread, until fewer than `limit` are on their way. */
  startPack(limit: number): void {
    for (let count = Atomics.load(this.#small, PACKS_IN_FLIGHT); ;) {
      if (count >= limit) {
        Atomics.wait(this.#small, PACKS_IN_FLIGHT, count)
        count = Atomics.load(this.#small, PACKS_IN_FLIGHT)
        continue
      }
      const found = Atomics.compareExchange(this.#small, PACKS_IN_FLIGHT, count, count + 1)
      if (found === count) return
      count = found
    }
  }

  /** Counts a pack as stored. */
  endPack(): void {
    Atomics.sub(this.#small, PACKS_IN_FLIGHT, 1)
    Atomics.notify(this.#small, PACKS_IN_FLIGHT)
  }
}
