import { setImmediate } from 'node:timers/promises'
import { defaultWorkerCount, WorkerPool, workerUrl, type JobOptions } from '@varve/platform/workers'
import { Breather } from './breather.ts'
import { PieceWriting } from './piece-writing.ts'
import type { SharedPlan, WriteJob, WriteResult, WriteSetup, WritingJob } from './write-jobs.ts'

/** Jobs for each thread from which on there are enough: one that it is at and one that waits. */
const ENOUGH_JOBS = 2

/**
 * Threads that write files, and the thread that has them, which writes while those have enough to do: a thread less takes twenty megabytes
 * less, and does not have to be started.
 */
export class WriteThreads {
  /** How many jobs are done at the same time. */
  readonly size: number
  /** Whether this thread has better things to do than to write. */
  isBusy = false
  readonly #pool: WorkerPool<WriteJob, WriteResult>
  #own: PieceWriting | undefined
  #given = 0
  #isHelping = false

  private constructor(size: number) {
    this.size = size
    this.#pool = new WorkerPool({
      module: workerUrl(import.meta.url, './write-worker'),
      workerData: undefined,
      size: Math.max(1, size - 1),
    })
  }

  /**
   * Starts the threads: best while something else is being waited for, since they take a tenth of a second to be there.
   *
   * @param size - how many write, with this one if they are several; the usual number if undefined
   */
  static start(size: number | undefined): WriteThreads {
    return new WriteThreads(size ?? defaultWorkerCount())
  }

  /** Says what all jobs need. Jobs may be given at once: threads get to them when they are set up, which is when this resolves. */
  async setUp(setup: WriteSetup): Promise<void> {
    if (this.size > 1) this.#own = new PieceWriting(setup)
    await this.#pool.runOnEach({ kind: 'setup', setup })
  }

  /** Says what has been added to the plan. Resolves when all threads know. */
  async follow(plan: SharedPlan): Promise<void> {
    this.#own?.follow(plan)
    await this.#pool.runOnEach({ kind: 'follow', plan })
  }

  /** Does a job. @throws ERR_VARVE_TARGET */
  async run(job: WritingJob, options?: JobOptions): Promise<WriteResult> {
    if (this.#own !== undefined && !this.isBusy && !this.#isHelping && this.#threadsHaveEnough) {
      this.#isHelping = true
      try {
        // What threads have answered meanwhile comes first: they must not wait for this.
        await setImmediate()
        if (this.#threadsHaveEnough) return await doHere(this.#own, job)
      } finally {
        this.#isHelping = false
      }
    }
    this.#given++
    try {
      return await this.#pool.run(job, options)
    } finally {
      this.#given--
    }
  }

  /** Ends the threads, when all jobs are done. */
  async close(): Promise<void> {
    this.#own?.close()
    await this.#pool.close()
  }

  get #threadsHaveEnough(): boolean {
    return this.#given >= ENOUGH_JOBS * this.#pool.size
  }
}

async function doHere(writing: PieceWriting, job: WritingJob): Promise<WriteResult> {
  const breather = new Breather(undefined)
  const steps = writing.steps(job)
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return step.value
    if (breather.isDue) await breather.breathe()
  }
}
