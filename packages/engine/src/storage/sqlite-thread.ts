import type { Transferable, Worker } from 'node:worker_threads'
import { errorFromMessage, type JobMessage, startThread, type WorkerMessage, workerUrl } from '@varve/platform/workers'
import { ConcurrencyLimit } from './concurrency-limit.ts'
import type { SqliteAnswers, SqliteRequest } from './sqlite-requests.ts'

/** The request that the thread is at, and one behind it, so that it never idles between two. */
const REQUESTS_AHEAD = 2

/** A request as it is posted, with the buffers that are handed over. */
export interface PreparedRequest<Request extends SqliteRequest> {
  readonly request: Request
  readonly transfer?: readonly Transferable[]
}

interface PendingRequest {
  readonly resolve: (answer: never) => void
  readonly reject: (error: unknown) => void
}

/**
 * The caller's end of the thread that works on a database. Requests are answered one after the other, in the order in which they
 * were made. The process is kept alive by requests, never by an idle thread.
 */
export class SqliteThread {
  readonly #worker: Worker
  readonly #limit = new ConcurrencyLimit(REQUESTS_AHEAD)
  readonly #pending = new Map<number, PendingRequest>()
  #nextNumber = 0
  #calls = 0
  #failure: Error | undefined

  constructor() {
    this.#worker = startThread(workerUrl(import.meta.url, './sqlite-worker'), { name: 'sqlite' })
    this.#worker.unref()
    this.#worker.on('message', (message: WorkerMessage<never, never>) => this.#settle(message))
    this.#worker.on('error', (error) => this.#fail(error instanceof Error ? error : new Error(String(error))))
    this.#worker.on('exit', (code) => this.#fail(new Error(`the thread of the database ended with code ${code}`)))
  }

  /**
   * Makes a request.
   *
   * @param prepare - called when it is the request's turn to be posted, so that what is copied for it exists only then
   * @throws what the request failed with in the thread
   */
  async call<Request extends SqliteRequest>(
    prepare: () => PreparedRequest<Request>,
  ): Promise<SqliteAnswers[Request['kind']]> {
    if (this.#calls++ === 0) this.#worker.ref()
    try {
      return await this.#limit.run(() => this.#post(prepare()))
    } finally {
      if (--this.#calls === 0) this.#worker.unref()
    }
  }

  /** Ends the thread, whatever it is at. */
  async end(): Promise<void> {
    await this.#worker.terminate()
  }

  async #post<Request extends SqliteRequest>(
    prepared: PreparedRequest<Request>,
  ): Promise<SqliteAnswers[Request['kind']]> {
    if (this.#failure !== undefined) throw this.#failure
    const number = this.#nextNumber++
    return await new Promise((resolve, reject) => {
      this.#pending.set(number, { resolve, reject })
      const message: JobMessage<SqliteRequest> = { number, job: prepared.request }
      this.#worker.postMessage(message, [...(prepared.transfer ?? [])])
    })
  }

  #settle(message: WorkerMessage<never, never>): void {
    if (message.kind === 'event') return
    const pending = this.#pending.get(message.number)
    this.#pending.delete(message.number)
    if (message.kind === 'result') pending?.resolve(message.result)
    else pending?.reject(errorFromMessage(message.error))
  }

  #fail(error: Error): void {
    this.#failure ??= error
    for (const pending of this.#pending.values()) pending.reject(this.#failure)
    this.#pending.clear()
  }
}
