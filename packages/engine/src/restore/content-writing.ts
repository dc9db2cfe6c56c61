import { describeError, isVarveError, throwIfAborted } from '@varve/platform/errors'
import type { IndexedRepository } from '../repository/repository.ts'
import type { Breather } from './breather.ts'
import { ByteBudget } from './byte-budget.ts'
import type { FilePreparation } from './file-preparation.ts'
import { packReads, type PackRead } from './pack-reads.ts'
import { EntryMark } from './entry-mark.ts'
import type { PlanPart, PlannedContent } from './restore-plan.ts'
import type { RestoreReporter } from './restore-reporter.ts'
import type { SharedPlan, WriteResult, WriteSetup } from './write-jobs.ts'
import type { WriteThreads } from './write-threads.ts'

/** Bytes of packs that may be in memory at a time for each thread: what it is at, what waits for it, and what is being read. */
const BYTES_PER_THREAD = 6 << 20

/** Files in a job without content. */
const FILES_PER_JOB = 512

/** What the memory of a job without content counts for, so that not all of them wait at once. */
const FILE_JOB_BYTES = 1 << 20

/** What writing the files of a plan needs. */
export interface ContentWritingOptions {
  readonly repository: IndexedRepository
  readonly plan: PlannedContent
  readonly preparation: FilePreparation
  readonly reporter: RestoreReporter
  readonly breather: Breather
  readonly signal: AbortSignal | undefined
  /** That do the work; closed in the end. */
  readonly threads: WriteThreads
  readonly sparse: boolean
  /** Called for an entry that could not be restored, or not wholly. */
  readonly onFailure: (entry: number, message: string) => void
}

/**
 * Writes the content of files and completes them, pack by pack, in threads: part by part of a plan, which may still be in the making.
 *
 * Files that were there are written in place, so that only the pieces that differ are written; a crash in between leaves such a file with pieces of
 * both. The plan's marks say what became of each file.
 */
export class ContentWriting {
  readonly #options: ContentWritingOptions
  readonly #threads: WriteThreads
  readonly #source: WriteSetup['source']
  readonly #stop = new Int32Array(new SharedArrayBuffer(4))
  #isSetUp = false
  readonly #budget: ByteBudget
  readonly #running = new Set<Promise<void>>()
  #failure: { readonly error: unknown } | undefined
  /** Bytes of content that have been written. */
  bytesWritten = 0
  /** Files some of whose extended attributes could not be kept. */
  attributesSkipped = 0

  constructor(options: ContentWritingOptions) {
    this.#options = options
    const { repository, threads, signal } = options
    this.#source = repository.storage.direct
    this.#threads = threads
    this.#budget = new ByteBudget(threads.size * BYTES_PER_THREAD)
    signal?.addEventListener('abort', this.#stopThreads, { once: true })
  }

  /** Says whether the plan is still in the making: then this thread is busy with that, and only others write. */
  set isPlanning(isPlanning: boolean) {
    this.#threads.isBusy = isPlanning
  }

  /**
   * Writes a part of the plan. Resolves when the last of it has been begun.
   *
   * @param shared - the plan as it was when the part was its end
   * @throws ERR_VARVE_TARGET, ERR_VARVE_ABORTED
   */
  async write(part: PlanPart, shared: SharedPlan): Promise<void> {
    const { plan } = this.#options
    setPending(plan, part)
    await this.#begin(0, () => this.#tellThreads(shared))
    for (const files of fileJobs(plan, part)) await this.#begin(FILE_JOB_BYTES, () => this.#complete(files))
    for (const read of packReads(plan.pieces, part.firstPiece, part.endPiece)) {
      if (this.#prepare(read)) await this.#begin(read.length, () => this.#write(read))
    }
  }

  /** Resolves when all is written that was begun. To be closed then. @throws ERR_VARVE_TARGET, ERR_VARVE_ABORTED */
  async finish(): Promise<void> {
    while (this.#running.size > 0) await this.#step()
    this.#throwIfFailed()
  }

  /** Ends the threads; what they are at comes to nothing. Idempotent. Rejects never. */
  async close(): Promise<void> {
    this.#options.signal?.removeEventListener('abort', this.#stopThreads)
    this.#failure ??= { error: new Error('the writing of files was ended') }
    this.#stopThreads()
    await Promise.all(this.#running)
    await this.#threads.close()
  }

  readonly #stopThreads = (): void => {
    Atomics.store(this.#stop, 0, 1)
  }

  /** Tells the threads what there is to know. Whatever they are given after this call finds them knowing it. */
  async #tellThreads(shared: SharedPlan): Promise<void> {
    if (this.#isSetUp) return this.#threads.follow(shared)
    this.#isSetUp = true
    const { repository, sparse } = this.#options
    await this.#threads.setUp({ ...shared, key: repository.key, source: this.#source, sparse, stop: this.#stop })
  }

  /** Begins something that needs memory when there is room for it. */
  async #begin(bytes: number, work: () => Promise<void>): Promise<void> {
    if (this.#options.breather.isDue) await this.#options.breather.breathe()
    await this.#budget.acquire(bytes)
    this.#throwIfFailed()
    const running: Promise<void> = this.#guard(work).finally(() => {
      this.#budget.release(bytes)
      this.#running.delete(running)
    })
    this.#running.add(running)
  }

  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#failure ??= { error }
    }
  }

  async #step(): Promise<void> {
    await Promise.race(this.#running)
    this.#throwIfFailed()
  }

  #throwIfFailed(): void {
    throwIfAborted(this.#options.signal)
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** Prepares the files that a range has pieces of. @returns whether any of them can be written */
  #prepare(read: PackRead): boolean {
    const { plan, preparation } = this.#options
    let any = false
    for (const piece of read.pieces) if (preparation.prepare(plan.pieces.entry(piece))) any = true
    return any
  }

  async #complete(files: readonly number[]): Promise<void> {
    const prepared = Uint32Array.from(files.filter((entry) => this.#options.preparation.prepare(entry)))
    this.#take(await this.#threads.run({ kind: 'files', files: prepared }, { transfer: [prepared.buffer] }))
  }

  async #write(read: PackRead): Promise<void> {
    const { repository, plan, reporter, signal } = this.#options
    const { pack, offset, length, pieces } = read
    const [first] = pieces
    if (first !== undefined) reporter.current = () => plan.entries.path(plan.pieces.entry(first))
    let result: WriteResult | undefined
    if (this.#source !== undefined) {
      result = await this.#threads.run({ kind: 'stored', pack, offset, length, pieces })
      throwIfAborted(signal)
    }
    if (result?.isRead !== true) {
      let bytes: Uint8Array<ArrayBuffer>
      try {
        bytes = await repository.storage.load('pack', pack, { offset, length })
      } catch (error) {
        if (!isVarveError(error)) throw error
        for (const same of blobsOf(read, plan)) await this.#recover(same)
        return
      }
      throwIfAborted(signal)
      const job = { kind: 'sealed', bytes, offset, pieces } as const
      result = await this.#threads.run(job, { transfer: [bytes.buffer, pieces.buffer] })
    }
    const { damaged } = this.#take(result)
    for (const same of damaged) await this.#recover(same)
  }

  /** Writes pieces whose blob could not be opened, if any place that the index knows for it has it intact. */
  async #recover(pieces: readonly number[]): Promise<void> {
    const { repository, plan, signal } = this.#options
    throwIfAborted(signal)
    this.#throwIfFailed()
    const [first] = pieces
    if (first === undefined) return
    const id = plan.pieces.id(first)
    let content: Uint8Array<ArrayBuffer>
    try {
      content = Uint8Array.from(await repository.loadBlob({ type: 'data', id }))
    } catch (error) {
      for (const piece of pieces)
        this.#lose(plan.pieces.entry(piece), `a piece of its content is lost: ${describeError(error)}`)
      return
    }
    const numbers = Uint32Array.from(pieces)
    const job = { kind: 'plain', bytes: content, pieces: numbers } as const
    this.#take(await this.#threads.run(job, { transfer: [content.buffer, numbers.buffer] }))
  }

  #lose(entry: number, message: string): void {
    const { plan } = this.#options
    if (plan.entries.mark(entry, EntryMark.failed)) this.#fail(entry, message)
  }

  #fail(entry: number, message: string): void {
    const { plan, onFailure } = this.#options
    const isMixed = plan.entries.action(entry) === 'update' && !plan.entries.isMarked(entry, EntryMark.done)
    onFailure(entry, isMixed ? `${message}; the file that was there may now have pieces of both` : message)
  }

  #take(result: WriteResult): WriteResult {
    const { plan, reporter } = this.#options
    for (const entry of result.done) {
      reporter.filesDone++
      reporter.item(plan.entries.action(entry), () => plan.entries.path(entry), 'file', plan.entries.size(entry))
    }
    for (const { entry, message } of result.failures) this.#fail(entry, message)
    this.bytesWritten += result.bytes
    this.attributesSkipped += result.attributesSkipped
    reporter.bytesDone += result.bytes
    return result
  }
}

/** Says of each file of a part how many of its pieces are still to be written. */
function setPending({ entries, pieces }: PlannedContent, { firstEntry, endEntry }: PlanPart): void {
  for (let entry = firstEntry; entry < endEntry; entry++) {
    let pending = 0
    for (let piece = entries.firstPiece(entry); piece < entries.endPiece(entry); piece++) {
      if (pieces.isWanted(piece)) pending++
    }
    entries.setPending(entry, pending)
  }
}

/** The files of a part of whose content nothing is to be written, in portions. */
function* fileJobs({ entries }: PlannedContent, { firstEntry, endEntry }: PlanPart): Generator<readonly number[]> {
  let files: number[] = []
  for (let entry = Math.max(1, firstEntry); entry < endEntry; entry++) {
    if (!entries.isFile(entry) || entries.linkedTo(entry) !== 0 || entries.action(entry) === 'skip') continue
    if (entries.isMarked(entry, EntryMark.failed) || entries.pending(entry) > 0) continue
    if (files.push(entry) < FILES_PER_JOB) continue
    yield files
    files = []
  }
  if (files.length > 0) yield files
}

/** For each blob of a range its pieces. */
function blobsOf(read: PackRead, { pieces }: PlannedContent): Iterable<readonly number[]> {
  return Map.groupBy(read.pieces, (piece) => pieces.id(piece)).values()
}
