import { WorkerPool, workerUrl } from '@varve/platform/workers'
import { ID_SIZE } from '../repository/id.ts'
import type { ComparedFile, ComparisonJob, ComparisonResult } from './comparison-jobs.ts'
import type { PlannedPieces } from './planned-pieces.ts'

/** What a job holds: enough to be worth sending, little enough that all threads share the work. */
const JOB_FILES = 256
const JOB_BYTES = 32 << 20

/** Jobs a thread may have before the asker has to wait. */
const JOBS_PER_THREAD = 4

/** What a comparison found out about a file. */
export interface Comparison {
  /** Bytes of the file as it is; -1 where it is no regular file or cannot be read. */
  readonly size: number
  /** Why it could not be read, or an empty string. */
  readonly failure: string
  /** Whether the file has a piece of its content, by the piece's number. */
  readonly has: (piece: number) => boolean
}

/** A file whose parts may be in several jobs. */
interface Question {
  readonly firstPiece: number
  readonly matches: Uint8Array
  readonly answer: (comparison: Comparison) => void
  partsLeft: number
  size: number
  failure: string
}

interface Part {
  readonly question: Question
  readonly firstPiece: number
  readonly file: ComparedFile
}

/** Compares files with the pieces that they should consist of, in threads. The threads are started when the first file is there. */
export class ContentComparison {
  readonly #pieces: PlannedPieces
  readonly #size: number | undefined
  readonly #onBytes: (bytes: number) => void
  #pool: WorkerPool<ComparisonJob, ComparisonResult> | undefined
  #parts: Part[] = []
  #bytes = 0
  readonly #running = new Set<Promise<void>>()
  #failure: { readonly error: unknown } | undefined

  /**
   * @param pieces - the content of files
   * @param size - threads; the usual number if undefined
   * @param onBytes - called with the bytes of content that have been compared
   */
  constructor(pieces: PlannedPieces, size: number | undefined, onBytes: (bytes: number) => void = () => undefined) {
    this.#pieces = pieces
    this.#size = size
    this.#onBytes = onBytes
  }

  /**
   * Compares a file with the pieces from `firstPiece` to before `endPiece`. Resolves when there is room for another; `answer` is called sometime
   * before `finish` resolves. Rejects if a thread failed.
   */
  async ask(
    path: string,
    firstPiece: number,
    endPiece: number,
    answer: (comparison: Comparison) => void,
  ): Promise<void> {
    const matches = new Uint8Array(endPiece - firstPiece)
    // One more part than there are, until all are known.
    const question: Question = { firstPiece, matches, answer, partsLeft: 1, size: -1, failure: '' }
    let piece = firstPiece
    do {
      const first = piece
      const lengths: number[] = []
      const offset = piece < endPiece ? this.#pieces.fileOffset(piece) : 0
      while (piece < endPiece && this.#bytes < JOB_BYTES) {
        const length = this.#pieces.length(piece++)
        lengths.push(length)
        this.#bytes += length
      }
      question.partsLeft++
      this.#parts.push({ question, firstPiece: first, file: { path, offset, lengths } })
      if (this.#bytes >= JOB_BYTES || this.#parts.length >= JOB_FILES) this.#send()
      while (this.#isFull) await this.#drain()
    } while (piece < endPiece)
    settlePart(question)
  }

  /** Waits until everything has been answered. Rejects if a thread failed. */
  async finish(): Promise<void> {
    this.#send()
    while (this.#running.size > 0) await this.#drain()
    this.#throwIfFailed()
  }

  /** Ends the threads. Idempotent. */
  async close(): Promise<void> {
    await this.#pool?.close()
  }

  get #isFull(): boolean {
    return this.#pool !== undefined && this.#running.size >= this.#pool.size * JOBS_PER_THREAD
  }

  async #drain(): Promise<void> {
    await Promise.race(this.#running)
    this.#throwIfFailed()
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  #send(): void {
    const parts = this.#parts
    if (parts.length === 0) return
    this.#parts = []
    const bytes = this.#bytes
    this.#bytes = 0
    const count = parts.reduce((sum, part) => sum + part.file.lengths.length, 0)
    const ids = new Uint8Array(count * ID_SIZE)
    let next = 0
    for (const { firstPiece, file } of parts) {
      ids.set(this.#pieces.ids(firstPiece, firstPiece + file.lengths.length), next)
      next += file.lengths.length * ID_SIZE
    }
    this.#pool ??= new WorkerPool({
      module: workerUrl(import.meta.url, './comparison-worker'),
      workerData: undefined,
      size: this.#size,
    })
    const job = this.#pool.run({ files: parts.map((part) => part.file), ids }, { transfer: [ids.buffer] })
    const running: Promise<void> = this.#take(parts, bytes, job).finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  /** Never rejects: whoever waits gets the failure. */
  async #take(parts: readonly Part[], bytes: number, job: Promise<ComparisonResult>): Promise<void> {
    try {
      const { matches, sizes, failures } = await job
      let next = 0
      for (const [i, { question, firstPiece, file }] of parts.entries()) {
        const end = next + file.lengths.length
        question.matches.set(matches.subarray(next, end), firstPiece - question.firstPiece)
        next = end
        question.size = sizes[i] ?? -1
        question.failure ||= failures[i] ?? ''
        settlePart(question)
      }
      this.#onBytes(bytes)
    } catch (error) {
      this.#failure ??= { error }
    }
  }
}

function settlePart(question: Question): void {
  question.partsLeft--
  if (question.partsLeft > 0) return
  const { firstPiece, matches, answer, size, failure } = question
  answer({ size: failure === '' ? size : -1, failure, has: (piece) => matches[piece - firstPiece] === 1 })
}
