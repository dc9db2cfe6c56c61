import { workerData } from 'node:worker_threads'
import { BlobIndex } from '../repository/blob-index.ts'
import { Sealer } from '../repository/sealing.ts'
import { serveJobs } from '../workers/worker-thread.ts'
import type { CheckPackJob, CheckPackResult, CheckWorkerData } from './check-jobs.ts'
import { verifyPack } from './verify-pack.ts'

serveJobs<CheckPackJob, CheckPackResult>(() => {
  const { key, index: shared } = workerData as CheckWorkerData
  const index = BlobIndex.attach(shared)
  const sealer = new Sealer(key)
  return ({ pack, bytes }) => ({ result: verifyPack(sealer, pack, bytes, index.pack(pack)?.blobs ?? []) })
})
