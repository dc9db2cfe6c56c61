import { workerData } from 'node:worker_threads'
import { serveJobs } from '@varve/platform/workers'
import type { PackCheckWorkerData, PackVerdict } from './check-jobs.ts'
import type { PresentPack } from './check-packs.ts'
import { PackVerifier } from './pack-verifier.ts'

serveJobs<PresentPack, PackVerdict | undefined>(() => {
  const verifier = new PackVerifier(workerData as PackCheckWorkerData)
  return (pack) => ({ result: verifier.verify(pack) })
})
