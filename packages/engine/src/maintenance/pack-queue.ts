import { idFromBytes, idToBytes, ID_SIZE } from '../repository/id.ts'
import type { PresentPack } from './check-packs.ts'

/** Bytes before the packs: how many of them were taken, and room, so that sizes lie where numbers of 64 bits may. */
const HEAD_SIZE = 8

/**
 * Packs that several threads take one after the other, without asking any thread: whoever is ready takes the next one, so that none waits for another
 * that is busy, and all are done at nearly the same time.
 */
export class PackQueue {
  /** What other threads attach to. */
  readonly shared: SharedArrayBuffer
  readonly #taken: Int32Array
  readonly #sizes: Float64Array
  readonly #ids: Uint8Array

  private constructor(shared: SharedArrayBuffer) {
    const count = (shared.byteLength - HEAD_SIZE) / (Float64Array.BYTES_PER_ELEMENT + ID_SIZE)
    this.shared = shared
    this.#taken = new Int32Array(shared, 0, 1)
    this.#sizes = new Float64Array(shared, HEAD_SIZE, count)
    this.#ids = new Uint8Array(shared, HEAD_SIZE + this.#sizes.byteLength)
  }

  /** A queue of packs, in this order. */
  static of(packs: readonly PresentPack[]): PackQueue {
    const entrySize = Float64Array.BYTES_PER_ELEMENT + ID_SIZE
    const queue = new PackQueue(new SharedArrayBuffer(HEAD_SIZE + packs.length * entrySize))
    for (const [at, { id, size }] of packs.entries()) {
      queue.#sizes[at] = size
      queue.#ids.set(idToBytes(id), at * ID_SIZE)
    }
    return queue
  }

  /** The queue of another thread. */
  static attach(shared: SharedArrayBuffer): PackQueue {
    return new PackQueue(shared)
  }

  /** The first pack that nobody has taken; it is taken then. @returns undefined where there is none left */
  take(): PresentPack | undefined {
    const at = Atomics.add(this.#taken, 0, 1)
    const size = this.#sizes[at]
    return size === undefined ? undefined : { id: idFromBytes(this.#ids, at * ID_SIZE), size }
  }
}
