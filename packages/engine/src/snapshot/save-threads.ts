import { WorkerPool, workerUrl } from '@varve/platform/workers'
import type { BlobClaims } from '../repository/blob-claims.ts'
import { PackPool } from '../repository/pack-memory.ts'
import { PACK_CAPACITY } from '../repository/pack-writer.ts'
import type { IndexedRepository } from '../repository/repository.ts'
import { workerRepository } from '../repository/worker-repository.ts'
import type { Storage } from '../storage/storage.ts'
import type { SaveCounters } from './save-counters.ts'
import type { CutEvent, PackEvent, SaveEvent, SaveJob, SaveResult, SaveWorkerData } from './save-jobs.ts'

/** Threads that save. */
export type SaveThreads = WorkerPool<SaveJob, SaveResult, SaveEvent>

/** What saving threads work with, and whom they tell. */
export interface SaveThreadsOptions {
  readonly repository: IndexedRepository
  readonly claims: BlobClaims
  readonly counters: SaveCounters
  readonly size: number
  /** Packs are counted and not handed over. */
  readonly discard: boolean
  /** Takes a pack, and the pool that has its place. */
  readonly onPack: (pack: PackEvent, pool: PackPool) => void
  readonly onCut: (cut: CutEvent) => void
  /** A thread has handed over all that it had when a flush was asked for. */
  readonly onFlushed: (thread: number, flush: number) => void
}

/** Starts threads that save, with memory for the packs that they fill. */
export function startSaveThreads(options: SaveThreadsOptions): SaveThreads {
  const { repository, claims, counters, size, discard, onPack, onCut, onFlushed } = options
  const places = size + sparePlaces(size, repository.storage)
  const packs = { data: PackPool.create(places, PACK_CAPACITY), tree: PackPool.create(places, PACK_CAPACITY) }
  const workerData: SaveWorkerData = {
    repository: workerRepository(repository),
    claims: claims.shared,
    counters: counters.shared,
    packs: { data: packs.data.shared, tree: packs.tree.shared },
    discard,
  }
  return new WorkerPool({
    module: workerUrl(import.meta.url, './save-worker'),
    workerData,
    size,
    onEvent: (event, thread) => {
      if (event.type === 'flushed') onFlushed(thread, event.flush)
      else if (event.type === 'cut') onCut(event)
      else onPack(event, packs[event.type])
    },
  })
}

/**
 * Places for packs on their way to the storage, besides those that threads fill. Where the storage takes a pack in a few milliseconds, in which it keeps a
 * processor busy itself, as many threads as processors lose nothing by waiting for it, and a place is 16 MiB.
 */
function sparePlaces(threads: number, storage: Storage): number {
  return storage.takesEarly === true ? Math.floor(threads / 4) : 1
}
