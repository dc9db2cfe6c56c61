/*
 * What a thread of a run does: jobs, and telling of bytes that were copied of large files.
 */
import { serveJobs } from '@varve/platform/workers'
import { FileSteps } from '../disk/file-steps.ts'
import { JobHandler, type MirrorJob, type MirrorJobResult } from './jobs.ts'

serveJobs<MirrorJob, MirrorJobResult, number>((post) => {
  const handler = new JobHandler(new FileSteps(), post)
  return (job) => ({ result: handler.handle(job) })
})
