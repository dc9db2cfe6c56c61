import { workerData } from 'node:worker_threads'
import { BlobOpener } from '../repository/blob-opening.ts'
import { Sealer } from '../repository/sealing.ts'
import { serveJobs } from '../workers/worker-thread.ts'
import type { CheckPieceJob, CheckPieceResult, CheckWorkerData } from './check-jobs.ts'
import { verifyPiece } from './verify-piece.ts'

serveJobs<CheckPieceJob, CheckPieceResult>(() => {
  const opener = new BlobOpener(new Sealer((workerData as CheckWorkerData).key))
  return (job) => ({ result: verifyPiece(opener, job) })
})
