/**
 * Threads that take jobs from a queue: `@varve/platform/workers`, for the thread that starts them and for what runs in them, which has to start quickly.
 *
 * @packageDocumentation
 */
export { errorFromMessage, errorToMessage, type JobMessage, type WorkerMessage } from './workers/job-messages.ts'
export { startThread } from './workers/start-thread.ts'
export {
  defaultWorkerCount,
  type JobOptions,
  type WithdrawnJob,
  WorkerPool,
  type WorkerPoolOptions,
} from './workers/worker-pool.ts'
export { type JobResult, type PostEvent, serveJobs } from './workers/worker-thread.ts'
export { workerUrl } from './workers/worker-url.ts'
