import { serveJobs } from '@varve/platform/workers'
import { PieceWriting } from './piece-writing.ts'
import type { WriteJob, WriteResult } from './write-jobs.ts'

/** What a job is answered with that writes nothing. */
const NOTHING: WriteResult = { isRead: true, done: [], failures: [], damaged: [], bytes: 0, attributesSkipped: 0 }

serveJobs<WriteJob, WriteResult>(() => {
  let writing: PieceWriting | undefined
  return (job) => {
    if (job.kind === 'setup') {
      writing = new PieceWriting(job.setup)
      return { result: NOTHING }
    }
    if (writing === undefined) throw new Error('the thread has not been set up')
    if (job.kind === 'follow') {
      writing.follow(job.plan)
      return { result: NOTHING }
    }
    return { result: writing.handle(job) }
  }
})
