/** Where a `PackWriter` gets the memory that it fills packs in. */
export interface PackMemory<Buffer extends ArrayBufferLike> {
  /** Memory for a pack of at most `bytes` bytes. */
  allocate(bytes: number): Uint8Array<Buffer>
  /** Takes back memory that turned out too small. */
  release(memory: Uint8Array<Buffer>): void
}

/** Fresh memory for each pack, which whoever gets the pack may keep or transfer. */
export const FRESH_PACK_MEMORY: PackMemory<ArrayBuffer> = {
  allocate: (bytes) => new Uint8Array(bytes),
  release: () => undefined,
}

/** What another thread needs to attach to the same pool. */
export interface SharedPackPool {
  readonly memory: SharedArrayBuffer
  /** One Int32 a slot, 1 where it is taken, and a last one that counts how often a slot was given back. */
  readonly states: SharedArrayBuffer
}

/**
 * A fixed number of places for packs, in memory that all threads share. Who needs one while all are taken waits, with its whole
 * thread, until one is given back: so the memory for packs is bounded however slow the storage is, and none of it is ever garbage.
 */
export class PackPool implements PackMemory<SharedArrayBuffer> {
  readonly shared: SharedPackPool
  readonly #states: Int32Array<SharedArrayBuffer>
  readonly #slots: number
  readonly #capacity: number

  /** @param shared - the `shared` of another thread's pool */
  constructor(shared: SharedPackPool) {
    this.shared = shared
    this.#states = new Int32Array(shared.states)
    this.#slots = this.#states.length - 1
    this.#capacity = shared.memory.byteLength / this.#slots
  }

  /**
   * A new pool, all of whose slots are free.
   * @param slots - one for each writer that holds one at a time at least, or they wait for each other for ever
   * @param capacity - bytes of a slot; the system gives it real memory only as it is written to
   */
  static create(slots: number, capacity: number): PackPool {
    return new PackPool({
      memory: new SharedArrayBuffer(slots * capacity),
      states: new SharedArrayBuffer((slots + 1) * Int32Array.BYTES_PER_ELEMENT),
    })
  }

  /** See {@link PackMemory.allocate}; waits for a free slot. A pack that is larger than a slot gets memory of its own. */
  allocate(bytes: number): Uint8Array<SharedArrayBuffer> {
    if (bytes > this.#capacity) return new Uint8Array(new SharedArrayBuffer(bytes))
    for (;;) {
      const returns = Atomics.load(this.#states, this.#slots)
      for (let slot = 0; slot < this.#slots; slot++) {
        if (Atomics.compareExchange(this.#states, slot, 0, 1) === 0) {
          return new Uint8Array(this.shared.memory, slot * this.#capacity, this.#capacity)
        }
      }
      Atomics.wait(this.#states, this.#slots, returns)
    }
  }

  /** The slot that memory got from this very pool lies in; undefined for a pack that had to have memory of its own. */
  slotOf(memory: Uint8Array<SharedArrayBuffer>): number | undefined {
    return memory.buffer === this.shared.memory ? memory.byteOffset / this.#capacity : undefined
  }

  /** See {@link PackMemory.release}. */
  release(memory: Uint8Array<SharedArrayBuffer>): void {
    const slot = this.slotOf(memory)
    if (slot !== undefined) this.free(slot)
  }

  /** Gives a slot back, from whatever thread. */
  free(slot: number): void {
    Atomics.store(this.#states, slot, 0)
    Atomics.add(this.#states, this.#slots, 1)
    Atomics.notify(this.#states, this.#slots)
  }
}
