import { isVarveError, throwIfAborted, VarveError } from '@varve/platform/errors'
import type { LongCall } from '@varve/platform'
import type { Id } from '../repository/id.ts'
import { INDEX_FILE_BLOBS, type IndexedPack } from '../repository/index-file.ts'
import { IndexWriter } from '../repository/index-writer.ts'
import { withLock } from '../repository/lock.ts'
import type { OpenRepository } from '../repository/repository.ts'
import { inParallel } from './in-parallel.ts'
import { PhaseProgress } from './phase-progress.ts'
import type { PruneFigures } from './prune-figures.ts'
import { planPrune, type PlanPruneOptions, type PrunePlan } from './prune-plan.ts'
import { repack } from './repack.ts'

/** Objects that are removed at the same time. */
const CONCURRENT_REMOVALS = 8

/** What to prune, and how. */
export interface PruneOptions extends LongCall, Omit<PlanPruneOptions, 'signal' | 'onTree'> {
  /** Only says what would be done. */
  readonly dryRun?: boolean
  /** Takes no lock in a dry run: for a repository that cannot be written to. */
  readonly noLock?: boolean
}

/** How to carry out a plan. */
export interface ExecutePruneOptions extends Pick<PruneOptions, 'signal' | 'onProgress' | 'repackUncompressed'> {
  /** Resolves when the lock on the repository certainly holds: waited for before anything is removed. */
  readonly confirmLock?: () => Promise<void>
}

/** What was written in a prune. */
export interface PruneOutcome {
  readonly packsWritten: number
  readonly bytesWritten: number
}

/** What a prune did, or would have done. */
export interface PruneResult extends PruneOutcome {
  readonly snapshots: readonly Id[]
  readonly figures: PruneFigures
}

/**
 * Removes snapshots, and then all content that no remaining snapshot needs. Until everything that stays is in place under the new indexes,
 * nothing that the old ones name is removed: it can be interrupted at any moment, and done again.
 *
 * Takes an exclusive lock, or a shared one for a dry run.
 *
 * @throws ERR_VARVE_LOCKED, ERR_VARVE_LOCK_LOST, what `planPrune` throws (nothing was removed then) and what `executePrune` throws
 */
export async function prune(repository: OpenRepository, options: PruneOptions = {}): Promise<PruneResult> {
  const { dryRun = false, noLock, retryLock, signal, onProgress } = options
  const lock = {
    exclusive: !dryRun,
    reading: dryRun,
    noLock: dryRun && noLock,
    retryLock,
    signal,
    settleMeanwhile: true,
  }
  return withLock(repository, lock, async (signal, confirmLock) => {
    const progress = new PhaseProgress(onProgress)
    progress.begin('finding what is needed')
    const plan = await planPrune(repository, { ...options, signal, onTree: () => progress.advance(1) })
    const { snapshots, figures } = plan
    if (dryRun) return { snapshots, figures, packsWritten: 0, bytesWritten: 0 }
    const outcome = await executePrune(repository, plan, { ...options, signal, confirmLock })
    return { snapshots, figures, ...outcome }
  })
}

/**
 * Carries out a plan, which must be fresh: the repository has to be locked exclusively since before it was made.
 *
 * First the snapshots go. Then what is needed of packs that go is copied, new indexes name it and what stays of the packs that the indexes name which
 * go, these indexes go, and last the packs. A blob that turns out to be damaged when it is copied ends it; only the snapshots are gone then. An index that was loaded before is of no use afterwards.
 *
 * @throws ERR_VARVE_DAMAGED naming the blob, ERR_VARVE_STORAGE, ERR_VARVE_ABORTED
 */
export async function executePrune(
  repository: OpenRepository,
  plan: PrunePlan,
  options: ExecutePruneOptions = {},
): Promise<PruneOutcome> {
  const { signal, onProgress, repackUncompressed = false, confirmLock } = options
  const { index, indexFiles, figures } = plan
  const progress = new PhaseProgress(onProgress)
  const removeAll = async (type: 'snapshot' | 'index' | 'pack', ids: readonly Id[], phase: string): Promise<void> => {
    progress.begin(phase, { files: ids.length })
    await inParallel(ids, CONCURRENT_REMOVALS, async (id) => {
      throwIfAborted(signal)
      await confirmLock?.()
      await removeIfThere(repository, type, id)
      progress.advance(1)
    })
  }

  await confirmLock?.()
  await refuseOthers(repository, 'snapshot', [...plan.kept, ...plan.snapshots])
  await refuseOthers(repository, 'index', [...indexFiles.keep, ...indexFiles.replace])
  await removeAll('snapshot', plan.snapshots, 'removing snapshots')
  await refuseOthers(repository, 'snapshot', plan.kept)
  await removeAll('pack', plan.unindexed, 'removing packs that no index names')
  const indexes = new PacedIndexWriter(repository)
  let packsWritten = 0
  let bytesWritten = 0
  progress.begin('writing packs anew', { files: plan.repack.length })
  await repack(
    repository,
    { index, packs: plan.repack, bytes: figures.bytesRepacked, move: plan.move, compressData: repackUncompressed },
    {
      onWritten(pack, size) {
        indexes.addIndexed(pack)
        packsWritten++
        bytesWritten += size
      },
      onRead: (bytes) => progress.advance(0, bytes),
      onDone: () => progress.advance(1),
    },
    signal,
  )
  const obsolete = [...plan.remove, ...plan.repack]
  if (obsolete.length > 0 || indexFiles.replace.length > 0) {
    progress.begin('writing indexes')
    for (const id of indexFiles.packsToName) {
      throwIfAborted(signal)
      const { records, count } = index.packedBlobs(id)
      if (indexes.addIndexed({ id, records, blobs: count })) await indexes.flush()
    }
    await indexes.flush()
    await removeAll('index', indexFiles.replace, 'removing old indexes')
    await refuseOthers(repository, 'index', [...indexFiles.keep, ...indexes.written])
    await removeAll('pack', obsolete, 'removing packs')
  }
  await repository.storage.reclaim?.()
  progress.end()
  return { packsWritten, bytesWritten }
}

/** Tells when an index file is full, so that whoever has many packs can wait until it is written. */
class PacedIndexWriter {
  readonly #writer: IndexWriter
  #blobs = 0

  constructor(repository: OpenRepository) {
    this.#writer = new IndexWriter(repository)
  }

  /** @returns whether that filled an index file */
  addIndexed(pack: IndexedPack): boolean {
    this.#writer.addIndexed(pack)
    this.#blobs += pack.blobs
    const full = this.#blobs >= INDEX_FILE_BLOBS
    if (full) this.#blobs = 0
    return full
  }

  /** Index files that were written so far. */
  get written(): readonly Id[] {
    return this.#writer.written
  }

  flush(): Promise<void> {
    this.#blobs = 0
    return this.#writer.flush()
  }
}

/**
 * Fails where the storage lists objects that it should not: some that it kept to itself when the plan was made, or that it said it had removed. What they
 * need must not be removed then. It costs a list.
 */
async function refuseOthers(
  repository: OpenRepository,
  type: 'snapshot' | 'index',
  known: readonly Id[],
): Promise<void> {
  const expected = new Set<string>(known)
  const other = (await repository.storage.list(type)).find(({ name }) => !expected.has(name))
  if (other === undefined) return
  throw new VarveError(
    'ERR_VARVE_STORAGE',
    `the storage at ${repository.storage.location} lists ${type} ${other.name}, which should not be there`,
    {
      hint: 'it keeps names back, or does not remove what it says, or somebody writes to it without a lock; no content was removed: prune again when that is in order',
    },
  )
}

async function removeIfThere(repository: OpenRepository, type: 'snapshot' | 'index' | 'pack', id: Id): Promise<void> {
  try {
    await repository.removeUnpacked(type, id)
  } catch (error) {
    if (!isVarveError(error, 'ERR_VARVE_NOT_FOUND')) throw error
  }
}
