import { workerData } from 'node:worker_threads'
import { serveJobs } from '@varve/platform/workers'
import { BlobVerifier } from '../repository/blob-verifying.ts'
import type { CheckPieceJob, CheckPieceResult, CheckWorkerData } from './check-jobs.ts'
import { verifyPiece } from './verify-piece.ts'

serveJobs<CheckPieceJob, CheckPieceResult>(() => {
  const verifier = new BlobVerifier((workerData as CheckWorkerData).key)
  return (job) => ({ result: verifyPiece(verifier, job) })
})
