import type { BlobType } from './blob.ts'
import { BlobIndex, type SharedBlobIndex } from './blob-index.ts'
import { hashId } from './id-hash.ts'
import { ID_WORDS, randomSeed } from './id-table.ts'
import { SharedLock } from './shared-lock.ts'

/** {@link BlobClaims} as other threads get them. */
export interface SharedBlobClaims {
  readonly index: SharedBlobIndex
  /** Word 0 is the lock, word 1 the number of claims. */
  readonly control: SharedArrayBuffer
  /** Growable: the ids that were claimed, eight words each. */
  readonly ids: SharedArrayBuffer
  /** Growable: number of a claim + 1 and, in the highest bit, its kind; 0 where there is none. */
  readonly slots: SharedArrayBuffer
  readonly seed: readonly [number, number]
}

const FIRST_SLOTS = 1 << 14
const KIND_SHIFT = 31
const NUMBER_MASK = 0x7fff_ffff
const CLAIM_BYTES = ID_WORDS * 4
/** Claims that there can be, as long as the system gives the address space: 4 GiB of it for ids and 1 GiB for slots, none of it memory yet. */
const MAX_CLAIMS = 1 << 27
/** Claims that memory is taken for at once. */
const CLAIM_STEP = 1 << 13

/**
 * Who stores a blob, among threads that may all meet with it at the same time: the one whose claim is first. All threads share one
 * table in growable memory behind one lock, which is held for well under a microsecond.
 */
export class BlobClaims {
  readonly #index: BlobIndex
  readonly #lock: SharedLock
  readonly #control: Int32Array
  readonly #seed: readonly [number, number]
  readonly #idMemory: SharedArrayBuffer
  readonly #slotMemory: SharedArrayBuffer
  /** Views of all memory that there was when they were made; another thread may have let it grow since. */
  #ids: Uint32Array
  #slots: Uint32Array
  readonly #key = new Uint32Array(ID_WORDS)
  readonly #keyBytes = new Uint8Array(this.#key.buffer)

  private constructor(index: BlobIndex, shared: Omit<SharedBlobClaims, 'index'>) {
    this.#index = index
    this.#control = new Int32Array(shared.control)
    this.#lock = new SharedLock(this.#control, 0)
    this.#seed = shared.seed
    this.#idMemory = shared.ids
    this.#slotMemory = shared.slots
    this.#ids = fixedView(shared.ids)
    this.#slots = fixedView(shared.slots)
  }

  /** No claims yet. What `index` has need not be claimed; what it gets from now on is not seen. */
  static create(index: BlobIndex): BlobClaims {
    return new BlobClaims(BlobIndex.attach(index.shared), {
      control: new SharedArrayBuffer(8),
      ids: growable(CLAIM_STEP * CLAIM_BYTES, MAX_CLAIMS * CLAIM_BYTES),
      slots: growable(FIRST_SLOTS * 4, MAX_CLAIMS * 2 * 4),
      seed: randomSeed(),
    })
  }

  /** The claims of another thread. */
  static attach(shared: SharedBlobClaims): BlobClaims {
    return new BlobClaims(BlobIndex.attach(shared.index), shared)
  }

  /** What another thread needs to take part. */
  get shared(): SharedBlobClaims {
    return {
      index: this.#index.shared,
      control: this.#control.buffer as SharedArrayBuffer,
      ids: this.#idMemory,
      slots: this.#slotMemory,
      seed: this.#seed,
    }
  }

  /** Claims that were won so far, by all threads. */
  get count(): number {
    return Atomics.load(this.#control, 1)
  }

  /**
   * Whether the caller shall store a blob: true for exactly one caller over all threads, and for none if the index has the blob.
   * @param idBytes - the 32 bytes of its id
   */
  claim(type: BlobType, idBytes: Uint8Array): boolean {
    if (this.#index.hasBytes(type, idBytes)) return false
    this.#keyBytes.set(idBytes)
    const kind = type === 'data' ? 0 : 1
    const hash = hashId(this.#key, kind, this.#seed)
    this.#lock.acquire()
    try {
      return this.#insert(kind, hash)
    } finally {
      this.#lock.release()
    }
  }

  #insert(kind: 0 | 1, hash: number): boolean {
    if (this.#slots.byteLength !== this.#slotMemory.byteLength) this.#slots = fixedView(this.#slotMemory)
    if (this.#ids.byteLength !== this.#idMemory.byteLength) this.#ids = fixedView(this.#idMemory)
    const slot = this.#probe(kind, hash)
    if (this.#slots[slot] !== 0) return false
    const number = Atomics.load(this.#control, 1)
    if ((number + 1) * CLAIM_BYTES > this.#ids.byteLength) {
      this.#idMemory.grow(this.#ids.byteLength + CLAIM_STEP * CLAIM_BYTES)
      this.#ids = fixedView(this.#idMemory)
    }
    this.#ids.set(this.#key, number * ID_WORDS)
    this.#slots[slot] = ((kind << KIND_SHIFT) | (number + 1)) >>> 0
    Atomics.store(this.#control, 1, number + 1)
    if ((number + 1) * 4 > this.#slots.length * 3) this.#doubleSlots()
    return true
  }

  /** The slot of the key, or the empty one where it would go. */
  #probe(kind: 0 | 1, hash: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = hash & mask, step = 1; ; slot = (slot + step++) & mask) {
      const value = slots[slot] ?? 0
      if (value === 0) return slot
      if (value >>> KIND_SHIFT === kind && this.#hasKey((value & NUMBER_MASK) - 1)) return slot
    }
  }

  #hasKey(number: number): boolean {
    const at = number * ID_WORDS
    for (let word = 0; word < ID_WORDS; word++) if (this.#ids[at + word] !== this.#key[word]) return false
    return true
  }

  #doubleSlots(): void {
    const old = this.#slots.slice()
    this.#slotMemory.grow(old.byteLength * 2)
    this.#slots = fixedView(this.#slotMemory).fill(0)
    const mask = this.#slots.length - 1
    for (const value of old) {
      if (value === 0) continue
      const at = ((value & NUMBER_MASK) - 1) * ID_WORDS
      const hash = hashId(this.#ids.subarray(at, at + ID_WORDS), value >>> KIND_SHIFT, this.#seed)
      let slot = hash & mask
      for (let step = 1; this.#slots[slot] !== 0; step++) slot = (slot + step) & mask
      this.#slots[slot] = value
    }
  }
}

/** A view with a length of its own: faster to use than one that follows the memory as it grows. */
function fixedView(memory: SharedArrayBuffer): Uint32Array {
  return new Uint32Array(memory, 0, memory.byteLength / 4)
}

/** Shared memory that can grow to `max` bytes, or to as many as the system lets us reserve. */
function growable(size: number, max: number): SharedArrayBuffer {
  for (let maxByteLength = max; ; maxByteLength /= 2) {
    try {
      return new SharedArrayBuffer(size, { maxByteLength })
    } catch (error) {
      if (maxByteLength / 2 < size) throw error
    }
  }
}
