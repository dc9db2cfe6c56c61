import type { JobOptions } from '../workers/worker-pool.ts'

/** Who does jobs: threads (a `WorkerPool` is one), or this thread. */
export interface JobRunner<Job, Result> {
  /** How many jobs are done at the same time. */
  readonly size: number
  run(job: Job, options?: JobOptions): Promise<Result>
  runOnEach(job: Job): Promise<Result[]>
  close(): Promise<void>
}

/** Bytes below which a thread takes longer to start than it would need for the work. */
export const TOO_LITTLE_FOR_THREADS = 8 * 1024 * 1024

/** Does jobs in this thread. */
export class InlineJobs<Job, Result> implements JobRunner<Job, Result> {
  readonly size = 1
  readonly #handle: (job: Job) => Result

  constructor(handle: (job: Job) => Result) {
    this.#handle = handle
  }

  async run(job: Job): Promise<Result> {
    return this.#handle(job)
  }

  async runOnEach(job: Job): Promise<Result[]> {
    return [this.#handle(job)]
  }

  async close(): Promise<void> {}
}
