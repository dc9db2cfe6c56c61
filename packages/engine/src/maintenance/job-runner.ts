import { setImmediate } from 'node:timers/promises'
import type { JobOptions, WorkerPool } from '@varve/platform/workers'

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

/** Jobs for each thread from which on there are enough: one that it is at and one that waits. */
const ENOUGH_JOBS = 2

/** Does jobs in threads, and in this thread while those have enough to do: a thread less, which is twenty megabytes less, does as much. */
export class ThreadsAndThis<Job, Result> implements JobRunner<Job, Result> {
  readonly #threads: WorkerPool<Job, Result>
  readonly #inline: InlineJobs<Job, Result>
  #given = 0
  /** Whether this thread does any. It has other things to do while it does not. */
  helps = true

  /** @param handle - what the threads do with a job, for this one */
  constructor(threads: WorkerPool<Job, Result>, handle: (job: Job) => Result) {
    this.#threads = threads
    this.#inline = new InlineJobs(handle)
  }

  get size(): number {
    return this.#threads.size + 1
  }

  async run(job: Job, options?: JobOptions): Promise<Result> {
    if (this.#hasTime()) {
      // What was read meanwhile, and what threads have answered, comes first: they must not wait for this.
      await setImmediate()
      if (this.#hasTime()) return this.#inline.run(job)
    }
    this.#given++
    try {
      return await this.#threads.run(job, options)
    } finally {
      this.#given--
    }
  }

  #hasTime(): boolean {
    return this.helps && this.#given >= ENOUGH_JOBS * this.#threads.size
  }

  async runOnEach(job: Job): Promise<Result[]> {
    return [...(await this.#threads.runOnEach(job)), ...(await this.#inline.runOnEach(job))]
  }

  async close(): Promise<void> {
    await this.#threads.close()
  }
}
