import { describeError, isVarveError, throwIfAborted, type VarveError } from '@varve/platform/errors'
import { defaultWorkerCount, WorkerPool, workerUrl } from '@varve/platform/workers'
import type { BlobIndex } from '../repository/blob-index.ts'
import { BlobVerifier } from '../repository/blob-verifying.ts'
import type { Id } from '../repository/id.ts'
import type { OpenRepository } from '../repository/repository.ts'
import { Sealer } from '../repository/sealing.ts'
import type { CheckFindings } from './check-findings.ts'
import type {
  CheckPieceJob,
  CheckPieceResult,
  CheckWorkerData,
  PackCheckWorkerData,
  PackJob,
  PackJobResult,
  PackVerdict,
} from './check-jobs.ts'
import type { PresentPack } from './check-packs.ts'
import { InlineJobs, ThreadsAndThis, TOO_LITTLE_FOR_THREADS, type JobRunner } from './job-runner.ts'
import type { LostContent } from './lost-content.ts'
import { PackQueue } from './pack-queue.ts'
import { PackVerifier } from './pack-verifier.ts'
import type { PhaseProgress } from './phase-progress.ts'
import { verifyPack } from './verify-pack.ts'
import { verifyPiece } from './verify-piece.ts'
import { inParallel } from './in-parallel.ts'

/** Packs that may be asked for while all who verify are busy with others: none of them waits for an answer then. */
const PACKS_AHEAD = 1

/** What came of reading a pack. */
type Outcome = Reading & {
  /** What came of it before, if that was not the same. */
  readonly before?: Reading
}

type Reading =
  | { readonly pack: PresentPack; readonly verdict: PackVerdict }
  | { readonly pack: PresentPack; readonly error: VarveError }

/**
 * Reads packs and verifies every byte of them, in threads, and in this one once it has nothing else to do. Threads begin at once, so that other things can be
 * looked at meanwhile; what it finds is told when that is done.
 */
export class DataCheck {
  readonly #index: BlobIndex
  readonly #verifier: Verifier | undefined
  #done: Promise<void> | undefined
  /** What nobody has been told yet. */
  #outcomes: Outcome[] = []
  #tell: ((outcome: Outcome) => void) | undefined
  #closed = false

  /** @param packs - that are in the index and in the storage. From now on the index must not change */
  constructor(repository: OpenRepository, index: BlobIndex, packs: readonly PresentPack[], signal?: AbortSignal) {
    this.#index = index
    // The largest first, so that there is little left to do for one when there is nothing left for the others.
    const sorted = packs.toSorted((a, b) => b.size - a.size)
    this.#verifier = packs.length === 0 ? undefined : startVerifier(repository, index, sorted, signal)
    if (this.#verifier?.threads !== undefined) this.#start()
  }

  /**
   * Waits until all is read.
   *
   * @param lost - grows by what is damaged
   * @throws ERR_VARVE_ABORTED
   */
  async finish(lost: LostContent, out: CheckFindings, progress: PhaseProgress): Promise<void> {
    this.#tell = (outcome) => {
      if (outcome.before !== undefined) reportUnreliable(outcome.pack.id, outcome.before, out)
      if ('verdict' in outcome) report(outcome.pack.id, outcome.verdict, lost, out)
      else reportUnreadable(outcome.pack.id, this.#index, outcome.error, lost, out)
      progress.errors = out.findings.length
      progress.advance(1, outcome.pack.size)
    }
    const early = this.#outcomes
    this.#outcomes = []
    for (const outcome of early) this.#tell(outcome)
    if (this.#verifier?.threads !== undefined) this.#verifier.threads.helps = true
    this.#start()
    await this.#done
  }

  /** Ends it, wherever it is. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#verifier?.close()
  }

  #start(): void {
    if (this.#verifier === undefined || this.#done !== undefined) return
    this.#done = this.#verifyAll(this.#verifier)
    // Whoever awaits it handles a failure; until then it must not count as unhandled.
    this.#done.catch(() => undefined)
  }

  async #verifyAll(verifier: Verifier): Promise<void> {
    const lanes = verifier.size + PACKS_AHEAD
    await inParallel(Array.from({ length: lanes }), lanes, async () => {
      try {
        await this.#verifyInTurn(verifier)
      } catch (error) {
        this.#closed = true
        throw error
      }
    })
  }

  async #verifyInTurn(verifier: Verifier): Promise<void> {
    while (!this.#closed) {
      const outcome = await verifyNext(verifier)
      if (outcome === undefined) return
      if (this.#tell === undefined) this.#outcomes.push(outcome)
      else this.#tell(outcome)
    }
  }
}

/** Verifies a pack, and once more where it is not right: what memory or the way to the storage got wrong is no damage. */
async function verifyNext(verifier: Verifier): Promise<Outcome | undefined> {
  const first = await verifier.next()
  if (first === undefined || isRight(first)) return first
  const second = await verifier.again(first.pack)
  return isRight(second) ? { ...second, before: first } : second
}

async function tryToVerify(pack: PresentPack, verify: () => Promise<PackVerdict>): Promise<Reading> {
  try {
    return { pack, verdict: await verify() }
  } catch (error) {
    if (!isVarveError(error) || error.code === 'ERR_VARVE_ABORTED' || error.code === 'ERR_VARVE_LOCK_LOST') throw error
    return { pack, error }
  }
}

function isRight(reading: Reading): boolean {
  return 'verdict' in reading && reading.verdict.faults.length === 0 && reading.verdict.damaged.length === 0
}

/** Something that verifies packs, several at a time. */
interface Verifier {
  readonly size: number
  /** Undefined where this thread does it alone. */
  readonly threads: { helps: boolean } | undefined
  /** Verifies the first pack that nobody has begun with. @returns undefined where there is none left */
  next(): Promise<Reading | undefined>
  /** Verifies a pack once more. */
  again(pack: PresentPack): Promise<Reading>
  close(): Promise<void>
}

function startVerifier(
  repository: OpenRepository,
  index: BlobIndex,
  packs: readonly PresentPack[],
  signal: AbortSignal | undefined,
): Verifier {
  const { storage, key } = repository
  const sealer = new Sealer(key)
  const verifier = new BlobVerifier(key)
  const queue = PackQueue.of(packs)
  const few = packs.reduce((bytes, { size }) => bytes + size, 0) < TOO_LITTLE_FOR_THREADS
  const verifyHere = (job: CheckPieceJob): CheckPieceResult => verifyPiece(verifier, job)
  if (storage.direct === undefined) {
    const runner = startRunner('./check-worker', { key } satisfies CheckWorkerData, few, verifyHere)
    const parts = { storage, index, sealer, runner, signal }
    return {
      size: runner.size,
      threads: threadsOf(runner),
      async next() {
        const pack = queue.take()
        return pack && (await this.again(pack))
      },
      again: (pack) => tryToVerify(pack, () => verifyPack(pack, parts)),
      close: () => runner.close(),
    }
  }
  const workerData: PackCheckWorkerData = { key, index: index.shared, source: storage.direct, queue: queue.shared }
  const own = new PackVerifier(workerData)
  const runner = startRunner('./pack-check-worker', workerData, few, (job: PackJob) => own.handle(job))
  const otherwise = { storage, index, sealer, runner: new InlineJobs(verifyHere), signal }
  const run = async (job: PackJob): Promise<PackJobResult> => {
    throwIfAborted(signal)
    return runner.run(job)
  }
  const readingOf = ({ pack, verdict }: NonNullable<PackJobResult>): Promise<Reading> =>
    tryToVerify(pack, async () => verdict ?? (await verifyPack(pack, otherwise)))
  return {
    size: runner.size,
    threads: threadsOf(runner),
    async next() {
      const result = await run('next')
      return result && (await readingOf(result))
    },
    again: async (pack) => readingOf({ pack, verdict: (await run(pack))?.verdict }),
    async close() {
      own.close()
      await runner.close()
    },
  }
}

function startRunner<Job, Result>(
  module: string,
  workerData: CheckWorkerData,
  few: boolean,
  handle: (job: Job) => Result,
): JobRunner<Job, Result> {
  if (few) return new InlineJobs(handle)
  const size = Math.max(1, defaultWorkerCount() - 1)
  const pool = new WorkerPool<Job, Result>({ module: workerUrl(import.meta.url, module), workerData, size })
  const runner = new ThreadsAndThis(pool, handle)
  runner.helps = false
  return runner
}

function threadsOf<Job, Result>(runner: JobRunner<Job, Result>): { helps: boolean } | undefined {
  return runner instanceof ThreadsAndThis ? runner : undefined
}

function report(pack: Id, { faults, damaged }: PackVerdict, lost: LostContent, out: CheckFindings): void {
  if (faults.length > 0) {
    const message = `pack ${pack} is damaged: ${faults.join('; ')}`
    out.addLoss([], (affected) => ({ kind: 'damaged-pack', pack, message, affected }))
  }
  for (const { blob, message: why } of damaged) {
    lost.losePlace(pack, blob)
    const message = `${blob.type} blob ${blob.id} in pack ${pack} is damaged: ${why}`
    const handle = { type: blob.type, id: blob.id }
    out.addLoss([handle], (affected) => ({ kind: 'damaged-blob', pack, blob: handle, message, affected }))
  }
}

function reportUnreliable(pack: Id, before: Reading, out: CheckFindings): void {
  const why =
    'error' in before
      ? describeError(before.error)
      : [...before.verdict.faults, ...before.verdict.damaged.map(({ blob }) => `blob ${blob.id} is damaged`)].join('; ')
  const message = `pack ${pack} could only be read right the second time, before that: ${why}; memory, disk or network cannot be relied on`
  out.add({ kind: 'unreliable-reading', pack, message })
}

function reportUnreadable(pack: Id, index: BlobIndex, error: VarveError, lost: LostContent, out: CheckFindings): void {
  lost.losePack(pack)
  const message = `pack ${pack} cannot be read: ${describeError(error)}`
  const blobs = index.pack(pack)?.blobs ?? []
  out.addLoss(blobs, (affected) => ({ kind: 'damaged-pack', pack, message, affected }))
}
