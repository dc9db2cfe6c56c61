import { WorkerPool, workerUrl } from '@varve/platform/workers'
import type { WriteJob, WriteResult } from './write-jobs.ts'

/** Threads that write files. */
export type WriteThreads = WorkerPool<WriteJob, WriteResult>

/**
 * Starts threads that write files: best while something else is being waited for, since they take a tenth of a second to be there.
 *
 * @param size - threads; the usual number if undefined
 */
export function startWriteThreads(size: number | undefined): WriteThreads {
  return new WorkerPool({ module: workerUrl(import.meta.url, './write-worker'), workerData: undefined, size })
}
