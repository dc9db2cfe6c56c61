import { describeError, isVarveError, type VarveError } from '@varve/platform/errors'
import { BlobOpener } from '../repository/blob-opening.ts'
import type { BlobIndex } from '../repository/blob-index.ts'
import type { Id } from '../repository/id.ts'
import type { MasterKey } from '../repository/master-key.ts'
import type { OpenRepository } from '../repository/repository.ts'
import { Sealer } from '../repository/sealing.ts'
import { defaultWorkerCount, WorkerPool } from '../workers/worker-pool.ts'
import { workerUrl } from '../workers/worker-url.ts'
import type { CheckFindings } from './check-findings.ts'
import type { CheckPieceJob, CheckPieceResult, CheckWorkerData } from './check-jobs.ts'
import type { PresentPack } from './check-packs.ts'
import { InlineJobs, ThreadsAndThis, TOO_LITTLE_FOR_THREADS, type JobRunner } from './job-runner.ts'
import type { LostContent } from './lost-content.ts'
import type { PhaseProgress } from './phase-progress.ts'
import { verifyPack, type PackVerdict } from './verify-pack.ts'
import { verifyPiece } from './verify-piece.ts'
import { inParallel } from './in-parallel.ts'

/** Packs that are read while threads are busy with others. */
const PACKS_AHEAD = 1

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
  const { storage, key } = repository
  const sealer = new Sealer(key)
  const runner = startRunner(key, sealer, packs)
  try {
    await inParallel(packs, runner.size + PACKS_AHEAD, async (pack) => {
      try {
        report(pack.id, await verifyPack(pack, { storage, index, sealer, runner, signal }), lost, out)
      } catch (error) {
        if (!isVarveError(error) || error.code === 'ERR_VARVE_ABORTED' || error.code === 'ERR_VARVE_LOCK_LOST')
          throw error
        reportUnreadable(pack.id, index, error, lost, out)
      }
      progress.errors = out.findings.length
      progress.advance(1, pack.size)
    })
  } finally {
    await runner.close()
  }
}

function startRunner(
  key: MasterKey,
  sealer: Sealer,
  packs: readonly PresentPack[],
): JobRunner<CheckPieceJob, CheckPieceResult> {
  const opener = new BlobOpener(sealer)
  const verify = (job: CheckPieceJob): CheckPieceResult => verifyPiece(opener, job)
  if (packs.reduce((bytes, { size }) => bytes + size, 0) < TOO_LITTLE_FOR_THREADS) return new InlineJobs(verify)
  const workerData: CheckWorkerData = { key }
  const size = Math.max(1, defaultWorkerCount() - 1)
  return new ThreadsAndThis(
    new WorkerPool({ module: workerUrl(import.meta.url, './check-worker'), workerData, size }),
    verify,
  )
}

function report(pack: Id, { faults, damaged }: PackVerdict, lost: LostContent, out: CheckFindings): void {
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
