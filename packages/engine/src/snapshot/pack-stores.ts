import { IndexWriter } from '../repository/index-writer.ts'
import type { PackPool } from '../repository/pack-memory.ts'
import type { IndexedRepository } from '../repository/repository.ts'
import type { Gate } from './gate.ts'
import type { PackEvent } from './save-jobs.ts'

/** Packs on their way to the storage, and from there into the index. */
export class PackStores {
  readonly #repository: IndexedRepository
  readonly #gate: Gate
  readonly #index: IndexWriter
  readonly #running = new Set<Promise<void>>()

  /**
   * @param gate - opened whenever a pack is stored; fails with what stopped the storage
   * @param confirmLock - resolves when the lock on the repository certainly holds: waited for before an index is written
   */
  constructor(repository: IndexedRepository, gate: Gate, confirmLock: (() => Promise<void>) | undefined) {
    this.#repository = repository
    this.#gate = gate
    this.#index = new IndexWriter({
      saveUnpacked: async (type, json) => {
        await confirmLock?.()
        return repository.saveUnpacked(type, json)
      },
    })
  }

  /** Begins to store a pack. @param pool - that has the pack's place, which is given back when the storage has taken its bytes */
  begin(pack: PackEvent, pool?: PackPool): void {
    let { slot } = pack
    const freeSlot = (): void => {
      if (slot !== undefined) pool?.free(slot)
      slot = undefined
    }
    const store = this.#repository.storage
      .save('pack', pack.id, pack.bytes, freeSlot)
      .then(() => this.#index.addIndexed(pack.indexed))
      .catch((error: unknown) => this.#gate.fail(error))
      .finally(() => {
        this.#running.delete(store)
        freeSlot()
        this.#gate.open()
      })
    this.#running.add(store)
  }

  /** Waits until all packs that were begun are stored, or failed to be. */
  async stored(): Promise<void> {
    await Promise.all(this.#running)
  }

  /**
   * Waits until the index names all packs that are stored.
   * @throws ERR_VARVE_STORAGE where it could not be written
   */
  async flushIndex(): Promise<void> {
    await this.#index.flush()
  }

  /** Waits until nothing is being written any more, however that went. */
  async settled(): Promise<void> {
    await this.stored()
    await this.#index.settled()
  }
}
