import { serveJobs } from '@varve/platform/workers'
import { PieceWriting } from './piece-writing.ts'
import type { WriteJob, WriteResult } from './write-jobs.ts'

serveJobs<WriteJob, WriteResult>(() => {
  let writing: PieceWriting | undefined
  return (job) => {
    if (job.kind === 'setup') writing = new PieceWriting(job.setup)
    if (writing === undefined) throw new Error('the thread has not been set up')
    return { result: writing.handle(job) }
  }
})
