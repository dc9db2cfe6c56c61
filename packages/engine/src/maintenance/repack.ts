import { throwIfAborted } from '../errors.ts'
import type { EntrySet } from '../history/entry-set.ts'
import type { BlobIndex } from '../repository/blob-index.ts'
import type { PackContents, PackedBlob } from '../repository/blob.ts'
import type { Id } from '../repository/id.ts'
import { PACK_SIZE } from '../repository/pack-writer.ts'
import type { OpenRepository } from '../repository/repository.ts'
import { workerRepository } from '../repository/worker-repository.ts'
import { defaultWorkerCount, WorkerPool } from '../workers/worker-pool.ts'
import { workerUrl } from '../workers/worker-url.ts'
import { BlobMover } from './blob-mover.ts'
import { inParallel } from './in-parallel.ts'
import { InlineJobs, TOO_LITTLE_FOR_THREADS, type JobRunner } from './job-runner.ts'
import type { PackPiece, RepackJob, RepackOptions, RepackResult } from './repack-jobs.ts'

/** Bytes that are read though nobody wants them, rather than to read twice. */
const READ_OVER = 256 * 1024

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
  onWritten(pack: PackContents, size: number): void
  /** All that is wanted of a pack was read and verified; `size` bytes of it. */
  onRead(pack: Id, size: number): void
}

/**
 * Copies blobs out of packs into new ones, folders and content apart. Every blob is verified first; those that stay as they are keep their seal.
 *
 * @throws ERR_VARVE_DAMAGED naming a blob that is not what it should be, ERR_VARVE_STORAGE, ERR_VARVE_ABORTED
 */
export async function repack(
  repository: OpenRepository,
  { index, packs, bytes, move, compressData }: RepackTask,
  events: RepackEvents,
  signal?: AbortSignal,
): Promise<void> {
  if (packs.length === 0) return
  const runner = startRunner({ repository: workerRepository(repository), compressData }, bytes)
  const store = async (finished: RepackResult): Promise<void> => {
    for (const { id, bytes, contents } of finished) {
      await repository.storage.save('pack', id, bytes)
      events.onWritten(contents, bytes.length)
    }
  }
  try {
    await inParallel(packs, runner.size + 1, async (id) => {
      throwIfAborted(signal)
      const pieces = await loadPieces(repository, id, takeBlobs(index, id, move))
      const transfer = pieces.map((piece) => piece.bytes.buffer)
      await store(await runner.run({ kind: 'move', pack: id, pieces }, { transfer }))
      events.onRead(
        id,
        pieces.reduce((sum, piece) => sum + piece.bytes.length, 0),
      )
    })
    for (const finished of await runner.runOnEach({ kind: 'finish' })) await store(finished)
    if (move.size > 0) throw new Error(`${move.size} blobs were in none of the packs`)
  } finally {
    await runner.close()
  }
}

function startRunner(options: RepackOptions, bytes: number): JobRunner<RepackJob, RepackResult> {
  if (bytes < TOO_LITTLE_FOR_THREADS) {
    const mover = new BlobMover(options)
    return new InlineJobs((job) => mover.handle(job))
  }
  return new WorkerPool({
    module: workerUrl(import.meta.url, './repack-worker'),
    workerData: options,
    // A thread that is left with little makes small packs: no more of them than there is work for.
    size: Math.min(defaultWorkerCount(), Math.max(1, Math.round(bytes / (4 * PACK_SIZE)))),
  })
}

/** Takes out of `move` what a pack has of it. */
function takeBlobs(index: BlobIndex, pack: Id, move: EntrySet): readonly PackedBlob[] {
  const blobs = index.pack(pack)?.blobs ?? []
  return blobs.filter(({ type, id }) => move.delete(index.entryNumber(type, id)))
}

async function loadPieces(repository: OpenRepository, pack: Id, blobs: readonly PackedBlob[]): Promise<PackPiece[]> {
  const pieces: PackPiece[] = []
  for (const group of groupNeighbours(blobs)) {
    const [first] = group
    const last = group.at(-1)
    if (first === undefined || last === undefined) throw new Error('a group of blobs is empty')
    const range = { offset: first.offset, length: last.offset + last.length - first.offset }
    const bytes = await repository.storage.load('pack', pack, range)
    pieces.push({ offset: range.offset, bytes, blobs: group })
  }
  return pieces
}

function groupNeighbours(blobs: readonly PackedBlob[]): readonly (readonly PackedBlob[])[] {
  const groups: PackedBlob[][] = []
  let end = -Infinity
  for (const blob of blobs.toSorted((a, b) => a.offset - b.offset)) {
    if (blob.offset - end <= READ_OVER) groups.at(-1)?.push(blob)
    else groups.push([blob])
    end = Math.max(end, blob.offset + blob.length)
  }
  return groups
}
