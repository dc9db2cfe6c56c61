import { parentPort, type Transferable } from 'node:worker_threads'
import { errorToMessage, type JobMessage, type WorkerMessage } from './job-messages.ts'

/** What a job's handler gives back: the answer, and buffers to hand over with it. */
export interface JobResult<Result> {
  readonly result: Result
  readonly transfer?: readonly Transferable[]
}

/** Posts an event, outside any job, to the pool that started this thread. */
export type PostEvent<Event> = (event: Event, transfer?: readonly Transferable[]) => void

/**
 * The life of a worker thread: answers one job after the other until the pool ends it.
 *
 * @param start - called once; given how to post events, it returns the handler of jobs. A handler that throws fails its job, not the thread
 */
export function serveJobs<Job, Result, Event = never>(
  start: (post: PostEvent<Event>) => (job: Job) => JobResult<Result> | Promise<JobResult<Result>>,
): void {
  if (parentPort === null) throw new Error('a worker module was imported outside a worker thread')
  const port = parentPort
  const post = (message: WorkerMessage<Result, Event>, transfer: readonly Transferable[] = []): void => {
    port.postMessage(message, [...transfer])
  }
  const handle = start((event, transfer) => post({ kind: 'event', event }, transfer))
  let previous: Promise<void> = Promise.resolve()
  port.on('message', ({ number, job }: JobMessage<Job>) => {
    previous = previous.then(async () => {
      try {
        const { result, transfer } = await handle(job)
        post({ kind: 'result', number, result }, transfer)
      } catch (error) {
        post({ kind: 'failure', number, error: errorToMessage(error) })
      }
    })
  })
}
