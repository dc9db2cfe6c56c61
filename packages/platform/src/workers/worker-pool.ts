import { availableParallelism } from 'node:os'
import type { Transferable, Worker } from 'node:worker_threads'
import { errorFromMessage, type JobMessage, type WorkerMessage } from './job-messages.ts'
import { startThread } from './start-thread.ts'

/** Jobs that wait in a thread behind the one it is at, so that it does not idle while the pool's own thread is busy. */
const QUEUED_AHEAD = 3
/** Young generation of a thread's heap: jobs leave little garbage, and the default would let each thread keep three times 16 MB. */
const YOUNG_GENERATION_MB = 8

/** How many threads a pool has unless it is told: one a processor, at most 8. */
export function defaultWorkerCount(): number {
  return Math.max(1, Math.min(8, availableParallelism()))
}

/** How a pool is set up. */
export interface WorkerPoolOptions<Event> {
  /** The module that the threads run, see `workerUrl`. It calls `serveJobs`. */
  readonly module: URL
  /** What every thread finds as `workerData`. */
  readonly workerData: unknown
  /** Threads; `defaultWorkerCount()` if left out. */
  readonly size?: number | undefined
  /** Called for each event that a thread posts. */
  readonly onEvent?: (event: Event, worker: number) => void
}

/** What to do with a job. */
export interface JobOptions {
  /** Buffers handed over with the job. */
  readonly transfer?: readonly Transferable[]
}

/** A job that was taken back from the queue, for its owner to do, and the answer to give then. */
export interface WithdrawnJob<Job, Result> {
  readonly job: Job
  readonly resolve: (result: Result) => void
}

interface PendingJob<Job, Result> extends WithdrawnJob<Job, Result> {
  readonly options: JobOptions
  readonly reject: (error: unknown) => void
}

interface PooledWorker<Job, Result> {
  readonly thread: Worker
  readonly running: Map<number, PendingJob<Job, Result>>
}

/**
 * Threads that take jobs from one queue. A thread that dies fails the jobs it had, and every later one.
 */
export class WorkerPool<Job, Result, Event = never> {
  readonly #workers: readonly PooledWorker<Job, Result>[]
  readonly #queue: PendingJob<Job, Result>[] = []
  #nextNumber = 0
  #failure: Error | undefined
  #closed = false

  /** Starts the threads. */
  constructor(options: WorkerPoolOptions<Event>) {
    const size = options.size ?? defaultWorkerCount()
    this.#workers = Array.from({ length: size }, (_, index) => this.#start(options, index))
  }

  /** Threads in the pool. */
  get size(): number {
    return this.#workers.length
  }

  /** Jobs that no thread has been given yet. */
  get waiting(): number {
    return this.#queue.length
  }

  /** Gives a job to the first thread that has room for it. Rejects with what the handler threw. */
  run(job: Job, options: JobOptions = {}): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure)
      this.#queue.push({ job, options, resolve, reject })
      this.#dispatch()
    })
  }

  /** Gives a job to every thread, behind those that it already has. */
  runOnEach(job: Job): Promise<Result[]> {
    return Promise.all(
      this.#workers.map(
        (worker) =>
          new Promise<Result>((resolve, reject) => {
            if (this.#failure !== undefined) return reject(this.#failure)
            this.#send(worker, { job, options: {}, resolve, reject })
          }),
      ),
    )
  }

  /** Takes jobs back that no thread has been given yet. */
  withdraw(isWanted: (job: Job) => boolean): readonly WithdrawnJob<Job, Result>[] {
    const queue = this.#queue.splice(0)
    const withdrawn = queue.filter(({ job }) => isWanted(job))
    this.#queue.push(...queue.filter(({ job }) => !isWanted(job)))
    return withdrawn
  }

  /** Ends the threads, whatever they are at; jobs that have no answer yet fail. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#workers.map((worker) => worker.thread.terminate()))
    this.#fail(new Error('the worker pool was closed'))
  }

  #start(options: WorkerPoolOptions<Event>, index: number): PooledWorker<Job, Result> {
    const thread = startThread(options.module, {
      workerData: options.workerData,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    })
    const worker: PooledWorker<Job, Result> = { thread, running: new Map() }
    thread.on('message', (message: WorkerMessage<Result, Event>) => {
      if (message.kind === 'event') options.onEvent?.(message.event, index)
      else this.#settle(worker, message)
    })
    thread.on('error', (error) => this.#fail(error instanceof Error ? error : new Error(String(error))))
    thread.on('exit', (code) => {
      if (!this.#closed) this.#fail(new Error(`a worker thread ended unexpectedly with code ${code}`))
    })
    return worker
  }

  #settle(worker: PooledWorker<Job, Result>, message: Exclude<WorkerMessage<Result, Event>, { kind: 'event' }>): void {
    const pending = worker.running.get(message.number)
    if (pending === undefined) throw new Error(`a worker answered job ${message.number}, which it was not given`)
    worker.running.delete(message.number)
    this.#dispatch()
    if (message.kind === 'result') pending.resolve(message.result)
    else pending.reject(errorFromMessage(message.error))
  }

  #dispatch(): void {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      const worker = this.#leastBusy()
      if (worker === undefined) return
      this.#queue.shift()
      this.#send(worker, next)
    }
  }

  /** The least busy thread, if it has room for a job. */
  #leastBusy(): PooledWorker<Job, Result> | undefined {
    let best: PooledWorker<Job, Result> | undefined
    for (const worker of this.#workers) {
      if (worker.running.size > QUEUED_AHEAD) continue
      if (best === undefined || worker.running.size < best.running.size) best = worker
    }
    return best
  }

  #send(worker: PooledWorker<Job, Result>, pending: PendingJob<Job, Result>): void {
    const number = this.#nextNumber++
    worker.running.set(number, pending)
    const message: JobMessage<Job> = { number, job: pending.job }
    worker.thread.postMessage(message, [...(pending.options.transfer ?? [])])
  }

  #fail(error: Error): void {
    this.#failure ??= error
    for (const worker of this.#workers) {
      for (const pending of worker.running.values()) pending.reject(this.#failure)
      worker.running.clear()
    }
    for (const pending of this.#queue.splice(0)) pending.reject(this.#failure)
  }
}
