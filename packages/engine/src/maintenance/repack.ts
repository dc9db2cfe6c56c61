import { throwIfAborted } from '@varve/platform/errors'
import { defaultWorkerCount, WorkerPool, workerUrl } from '@varve/platform/workers'
import type { EntrySet } from '../history/entry-set.ts'
import { releaseNow } from '../release-now.ts'
import type { BlobIndex } from '../repository/blob-index.ts'
import type { PackedBlob } from '../repository/blob.ts'
import type { Id } from '../repository/id.ts'
import type { IndexedPack } from '../repository/index-file.ts'
import { PACK_SIZE } from '../repository/pack-writer.ts'
import type { OpenRepository } from '../repository/repository.ts'
import { workerRepository } from '../repository/worker-repository.ts'
import { BlobMover } from './blob-mover.ts'
import { inParallel } from './in-parallel.ts'
import { InlineJobs, ThreadsAndThis, type JobRunner } from './job-runner.ts'
import { wantedPieces } from './pack-pieces.ts'
import type { MoveJob, RepackJob, RepackOptions, RepackResult } from './repack-jobs.ts'

/**
 * Bytes of packs below which this thread copies them alone. A thread would start meanwhile, and each leaves packs in the end that are not full: there is
 * to be enough for two packs of its own.
 */
export const TOO_LITTLE_TO_SHARE = 2 * PACK_SIZE

/** What to take over from which packs. */
export interface RepackTask {
  readonly index: BlobIndex
  readonly packs: readonly Id[]
  /** Bytes of these packs. */
  readonly bytes: number
  /** Entries of the blobs to take over; each is in one of the packs at least. Left empty. */
  readonly move: EntrySet
  /** Compress content that is not compressed, too. */
  readonly compressData: boolean
}

/** How a repack goes. */
export interface RepackEvents {
  /** A new pack is stored. */
  onWritten(pack: IndexedPack, size: number): void
  /** So many bytes of packs were read, and what is wanted of them verified. */
  onRead(bytes: number): void
  /** All that is wanted of a pack was. */
  onDone(pack: Id): void
}

/**
 * Copies blobs out of packs into new ones, folders and content apart. Every blob is verified first; those that stay as they are keep their seal.
 *
 * @throws ERR_VARVE_DAMAGED naming a blob that is not what it should be, ERR_VARVE_STORAGE, ERR_VARVE_ABORTED
 */
export async function repack(
  repository: OpenRepository,
  { index, packs, bytes, move: wanted, compressData }: RepackTask,
  events: RepackEvents,
  signal?: AbortSignal,
): Promise<void> {
  if (packs.length === 0) return
  const { storage } = repository
  const runner = startRunner({ repository: workerRepository(repository), source: storage.direct, compressData }, bytes)
  const move = async (job: MoveJob): Promise<RepackResult> => {
    const result = storage.direct && (await runner.run(job))
    if (result !== undefined) return result
    const bytes = await storage.load('pack', job.pack, { offset: job.offset, length: job.length })
    return runner.run({ ...job, bytes }, { transfer: [bytes.buffer] })
  }
  const store = async (finished: RepackResult = []): Promise<void> => {
    for (const { id, bytes, indexed } of finished) {
      await storage.save('pack', id, bytes)
      events.onWritten(indexed, bytes.length)
      releaseNow(bytes)
    }
  }
  try {
    await inParallel(packs, runner.size + 1, async (pack) => {
      for (const piece of wantedPieces(takeBlobs(index, pack, wanted))) {
        throwIfAborted(signal)
        await store(await move({ kind: 'move', pack, ...piece }))
        events.onRead(piece.length)
      }
      events.onDone(pack)
    })
    for (const finished of await runner.runOnEach({ kind: 'finish' })) await store(finished)
    if (wanted.size > 0) throw new Error(`${wanted.size} blobs were in none of the packs`)
  } finally {
    await runner.close()
  }
}

function startRunner(options: RepackOptions, bytes: number): JobRunner<RepackJob, RepackResult> {
  const mover = new BlobMover(options)
  const handle = (job: RepackJob): RepackResult => mover.handle(job)
  if (bytes < TOO_LITTLE_TO_SHARE) return new InlineJobs(handle)
  // Whoever is left with little makes a small pack: no more threads than there is work for.
  const size = Math.max(1, Math.min(defaultWorkerCount() - 1, Math.round(bytes / (4 * PACK_SIZE))))
  const pool = new WorkerPool<RepackJob, RepackResult>({
    module: workerUrl(import.meta.url, './repack-worker'),
    workerData: options,
    size,
  })
  const runner = new ThreadsAndThis(pool, handle)
  runner.helps = bytes > (size + 1) * 4 * PACK_SIZE
  return runner
}

/** Takes out of `move` what a pack has of it. */
function takeBlobs(index: BlobIndex, pack: Id, move: EntrySet): readonly PackedBlob[] {
  const blobs = index.pack(pack)?.blobs ?? []
  return blobs.filter(({ type, id }) => move.delete(index.entryNumber(type, id)))
}
