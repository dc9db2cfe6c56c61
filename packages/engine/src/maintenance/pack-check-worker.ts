import { workerData } from 'node:worker_threads'
import { serveJobs } from '@varve/platform/workers'
import type { PackCheckWorkerData, PackJob, PackJobResult } from './check-jobs.ts'
import { PackVerifier } from './pack-verifier.ts'

serveJobs<PackJob, PackJobResult>(() => {
  const verifier = new PackVerifier(workerData as PackCheckWorkerData)
  return (job) => ({ result: verifier.handle(job) })
})
