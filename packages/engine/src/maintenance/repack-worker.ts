import { workerData } from 'node:worker_threads'
import { serveJobs } from '@varve/platform/workers'
import { BlobMover } from './blob-mover.ts'
import type { RepackJob, RepackOptions, RepackResult } from './repack-jobs.ts'

serveJobs<RepackJob, RepackResult>(() => {
  const mover = new BlobMover(workerData as RepackOptions)
  return (job) => {
    const result = mover.handle(job)
    return { result, transfer: result?.flatMap(({ bytes, indexed }) => [bytes.buffer, indexed.records.buffer]) ?? [] }
  }
})
