import { workerData } from 'node:worker_threads'
import { serveJobs } from '@varve/platform/workers'
import { BlobOpener } from '../repository/blob-opening.ts'
import { Sealer } from '../repository/sealing.ts'
import type { CheckPieceJob, CheckPieceResult, CheckWorkerData } from './check-jobs.ts'
import { verifyPiece } from './verify-piece.ts'

serveJobs<CheckPieceJob, CheckPieceResult>(() => {
  const opener = new BlobOpener(new Sealer((workerData as CheckWorkerData).key))
  return (job) => ({ result: verifyPiece(opener, job) })
})
