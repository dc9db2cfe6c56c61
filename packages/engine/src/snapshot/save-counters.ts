/** What saving threads and the main thread count together, in shared memory. */
export class SaveCounters {
  /** What another thread needs to attach to the same counters. */
  readonly shared: SharedArrayBuffer
  /** Bytes read. */
  readonly #bytes: BigInt64Array<SharedArrayBuffer>
  /** Flushes asked for: looked at after every chunk, of which a number with 64 bits would make garbage. */
  readonly #flushes: Int32Array<SharedArrayBuffer>

  /** @param shared - the `shared` of another thread's counters; new ones if left out */
  constructor(shared = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT + Int32Array.BYTES_PER_ELEMENT)) {
    this.shared = shared
    this.#bytes = new BigInt64Array(shared, 0, 1)
    this.#flushes = new Int32Array(shared, BigInt64Array.BYTES_PER_ELEMENT, 1)
  }

  /** Bytes of content that have been read. */
  get bytesRead(): number {
    return Number(Atomics.load(this.#bytes, 0))
  }

  /** Counts bytes as read. */
  addBytesRead(bytes: number): void {
    Atomics.add(this.#bytes, 0, BigInt(bytes))
  }

  /** How often saving threads have been asked to hand over the packs that they are filling. */
  get flushesAsked(): number {
    return Atomics.load(this.#flushes, 0)
  }

  /** Asks saving threads to hand over the packs that they are filling, in the middle of a file too. Returns the number of the request. */
  askForFlush(): number {
    return Atomics.add(this.#flushes, 0, 1) + 1
  }
}
