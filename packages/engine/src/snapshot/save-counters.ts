/** What saving threads and the main thread count together, in shared memory. */
export class SaveCounters {
  /** What another thread needs to attach to the same counters. */
  readonly shared: SharedArrayBuffer
  readonly #bytesRead: BigInt64Array<SharedArrayBuffer>

  /** @param shared - the `shared` of another thread's counters; new ones if left out */
  constructor(shared = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT)) {
    this.shared = shared
    this.#bytesRead = new BigInt64Array(shared)
  }

  /** Bytes of content that have been read. */
  get bytesRead(): number {
    return Number(Atomics.load(this.#bytesRead, 0))
  }

  /** Counts bytes as read. */
  addBytesRead(bytes: number): void {
    Atomics.add(this.#bytesRead, 0, BigInt(bytes))
  }
}
