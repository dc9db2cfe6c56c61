import { describeError, isVarveError, throwIfAborted, VarveError } from '../errors.ts'
import type { BlobIndex } from '../repository/blob-index.ts'
import type { Id } from '../repository/id.ts'
import type { OpenRepository } from '../repository/repository.ts'
import { Sealer } from '../repository/sealing.ts'
import { defaultWorkerCount, WorkerPool } from '../workers/worker-pool.ts'
import { workerUrl } from '../workers/worker-url.ts'
import type { CheckFindings } from './check-findings.ts'
import type { CheckPackJob, CheckPackResult, CheckWorkerData } from './check-jobs.ts'
import type { PresentPack } from './check-packs.ts'
import { InlineJobs, TOO_LITTLE_FOR_THREADS, type JobRunner } from './job-runner.ts'
import type { LostContent } from './lost-content.ts'
import type { PhaseProgress } from './phase-progress.ts'
import { verifyPack } from './verify-pack.ts'
import { inParallel } from './in-parallel.ts'

/** Bytes of the largest pack that is read: other clients make packs of up to 128 MiB, and one larger blob may come on top. */
const MAX_PACK_SIZE = 512 * 1024 * 1024

/** Packs that are read while others are verified. */
const READ_AHEAD = 1

/**
 * Reads packs and verifies every byte of them, in threads of their own.
 *
 * @param packs - that are in the index and in the storage
 * @param lost - grows by what is damaged
 * @throws ERR_VARVE_ABORTED
 */
export async function checkData(
  repository: OpenRepository,
  index: BlobIndex,
  packs: readonly PresentPack[],
  lost: LostContent,
  out: CheckFindings,
  progress: PhaseProgress,
  signal?: AbortSignal,
): Promise<void> {
  if (packs.length === 0) return
  const runner = startRunner(repository, index, packs)
  try {
    await inParallel(packs, runner.size + READ_AHEAD, async ({ id, size }) => {
      throwIfAborted(signal)
      try {
        if (size > MAX_PACK_SIZE)
          throw new VarveError('ERR_VARVE_DAMAGED', `it has ${size} bytes, which no client writes`)
        const bytes = await repository.storage.load('pack', id)
        report(id, await runner.run({ pack: id, bytes }, { transfer: [bytes.buffer] }), lost, out)
      } catch (error) {
        if (!isVarveError(error) || error.code === 'ERR_VARVE_ABORTED') throw error
        reportUnreadable(id, index, error, lost, out)
      }
      progress.errors = out.findings.length
      progress.advance(1, size)
    })
  } finally {
    await runner.close()
  }
}

function startRunner(
  { key }: OpenRepository,
  index: BlobIndex,
  packs: readonly PresentPack[],
): JobRunner<CheckPackJob, CheckPackResult> {
  if (packs.reduce((bytes, { size }) => bytes + size, 0) < TOO_LITTLE_FOR_THREADS) {
    const sealer = new Sealer(key)
    return new InlineJobs(({ pack, bytes }) => verifyPack(sealer, pack, bytes, index.pack(pack)?.blobs ?? []))
  }
  const workerData: CheckWorkerData = { key, index: index.shared }
  const size = Math.min(defaultWorkerCount(), packs.length)
  return new WorkerPool({ module: workerUrl(import.meta.url, './check-worker'), workerData, size })
}

function report(pack: Id, { faults, damaged }: CheckPackResult, lost: LostContent, out: CheckFindings): void {
  if (faults.length > 0) {
    const message = `pack ${pack} is damaged: ${faults.join('; ')}`
    out.addLoss([], (affected) => ({ kind: 'damaged-pack', pack, message, affected }))
  }
  for (const { blob, message: why } of damaged) {
    lost.losePlace(pack, blob)
    const message = `${blob.type} blob ${blob.id} in pack ${pack} is damaged: ${why}`
    const handle = { type: blob.type, id: blob.id }
    out.addLoss([handle], (affected) => ({ kind: 'damaged-blob', pack, blob: handle, message, affected }))
  }
}

function reportUnreadable(pack: Id, index: BlobIndex, error: VarveError, lost: LostContent, out: CheckFindings): void {
  lost.losePack(pack)
  const message = `pack ${pack} cannot be read: ${describeError(error)}`
  const blobs = index.pack(pack)?.blobs ?? []
  out.addLoss(blobs, (affected) => ({ kind: 'damaged-pack', pack, message, affected }))
}
