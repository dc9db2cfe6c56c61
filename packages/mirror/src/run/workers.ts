import { defaultWorkerCount, WorkerPool, workerUrl } from '@varve/platform/workers'
import { FileSteps } from '../disk/file-steps.ts'
import { JobHandler, type MirrorJob, type MirrorJobResult } from './jobs.ts'

/** Whoever does jobs. */
export interface Workers {
  /** How many jobs are done at the same time. */
  readonly size: number
  /** Does a job. Rejects with what it failed with. */
  run(job: MirrorJob): Promise<MirrorJobResult>
  /** Gives up whatever is being done. Idempotent. */
  close(): Promise<void>
}

/** Does each job in the calling thread. */
export class OwnThread implements Workers {
  readonly size = 1
  readonly #handler: JobHandler

  constructor(handler: JobHandler) {
    this.#handler = handler
  }

  async run(job: MirrorJob): Promise<MirrorJobResult> {
    // What is done must not keep whoever called from waiting for it.
    return await Promise.resolve().then(() => this.#handler.handle(job))
  }

  async close(): Promise<void> {}
}

/** Scans that are done at the same time: of the source and of the mirror. */
const SCANS = 2

/** Entries to look at, and files and bytes of a job, for which no thread is started. */
const FEW_ENTRIES = 4000
const FEW_FILES = 24
const FEW_BYTES = 4 * 1024 * 1024

type Pool = WorkerPool<MirrorJob, MirrorJobResult, number>

/** Does jobs in threads, which start with the first one that is worth it. */
export class Threads implements Workers {
  readonly size: number
  readonly #onBytes: (count: number) => void
  readonly #own = new JobHandler(new FileSteps())
  #scanners: Pool | undefined
  #pool: Pool | undefined
  #isClosed = false

  /**
   * @param size - threads; one a processor, at most 8, if undefined
   * @param onBytes - called with bytes that were copied of files that take long
   */
  constructor(size: number | undefined, onBytes: (count: number) => void) {
    this.size = size ?? defaultWorkerCount()
    this.#onBytes = onBytes
  }

  async run(job: MirrorJob): Promise<MirrorJobResult> {
    if (this.#isClosed) throw new Error('the threads were ended')
    if (job.kind === 'scan') {
      if (job.expected !== undefined && job.expected <= FEW_ENTRIES) return this.#own.handle(job)
      this.#scanners ??= this.#start(Math.min(SCANS, this.size))
      return await this.#scanners.run(job)
    }
    const isSmall = job.kind === 'flush' || (job.paths.length <= FEW_FILES && job.bytes <= FEW_BYTES)
    if (isSmall && this.#pool === undefined) return this.#own.handle(job)
    this.#pool ??= this.#start(this.size)
    return await this.#pool.run(job)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([this.#scanners?.close(), this.#pool?.close()])
  }

  #start(size: number): Pool {
    const module = workerUrl(import.meta.url, './mirror-worker')
    return new WorkerPool({ module, workerData: undefined, size, onEvent: this.#onBytes })
  }
}
