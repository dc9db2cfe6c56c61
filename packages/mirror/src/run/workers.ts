import type { JobHandler, MirrorJob, MirrorJobResult } from './jobs.ts'

/** Whoever does jobs. */
export interface Workers extends AsyncDisposable {
  /** How many jobs are done at the same time. */
  readonly size: number
  /** Does a job. Rejects with what it failed with. */
  run(job: MirrorJob): Promise<MirrorJobResult>
}

/** Does each job in the calling thread. */
export class OwnThread implements Workers {
  readonly size = 1
  readonly #handler: JobHandler

  constructor(handler: JobHandler) {
    this.#handler = handler
  }

  async run(job: MirrorJob): Promise<MirrorJobResult> {
    // What rejects must not throw.
    return await Promise.resolve().then(() => this.#handler.handle(job))
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
