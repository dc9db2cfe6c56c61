import { currentPlatform } from '@varve/platform'
import { releaseNow } from '../release-now.ts'
import { BlobVerifier, type TakeContent } from '../repository/blob-verifying.ts'
import { DirectReader } from '../storage/direct-reading.ts'
import { FileWriter } from './file-writer.ts'
import { MetadataWriter } from './metadata-writer.ts'
import { PieceBlobs } from './piece-blobs.ts'
import { PlannedEntries } from './planned-entries.ts'
import { PlannedPieces } from './planned-pieces.ts'
import type { SharedPlan, WriteResult, WriteSetup, WritingJob } from './write-jobs.ts'

/** Memory for a range of a pack: enough for all but those with an oversize blob. The system gives real memory only for what is written to. */
const USUAL_RANGE = 10 * 1024 * 1024

/** Blobs that are opened before others get their turn: few enough that it does not take long, many enough to be opened together. */
const BLOBS_AT_ONCE = 64

/** For each blob that could not be opened the pieces that it should have given. */
type DamagedPieces = WriteResult['damaged']

/** What a thread does that writes the pieces of files. */
export class PieceWriting {
  readonly #entries: PlannedEntries
  readonly #pieces: PlannedPieces
  readonly #metadata = new MetadataWriter(currentPlatform())
  readonly #writer: FileWriter
  readonly #verifier: BlobVerifier
  readonly #reader: DirectReader | undefined
  readonly #stop: WriteSetup['stop']
  #memory: Buffer = Buffer.alloc(0)

  constructor(setup: WriteSetup) {
    this.#entries = PlannedEntries.attach(setup.entries)
    this.#pieces = PlannedPieces.attach(setup.pieces)
    this.#writer = new FileWriter(this.#entries, this.#pieces, this.#metadata, setup.sparse)
    this.#verifier = new BlobVerifier(setup.key)
    this.#reader = setup.source && new DirectReader(setup.source)
    this.#stop = setup.stop
  }

  /** Knows from now on what has been added to the plan. */
  follow({ entries, pieces }: SharedPlan): void {
    this.#entries.follow(entries)
    this.#pieces.follow(pieces)
  }

  /** Closes all files. */
  close(): void {
    this.#writer.close()
    this.#reader?.close()
  }

  /** Does a job. What goes wrong with single files is in the result. @throws ERR_VARVE_TARGET */
  handle(job: WritingJob): WriteResult {
    const steps = this.steps(job)
    for (let step = steps.next(); ; step = steps.next()) if (step.done === true) return step.value
  }

  /** As {@link handle}, with a pause after each blob or file: for a thread that has other things to do, but not another job. */
  *steps(job: WritingJob): Generator<undefined, WriteResult, undefined> {
    this.#writer.done = []
    this.#writer.failures = []
    this.#writer.bytes = 0
    this.#metadata.attributesSkipped = 0
    const damaged = yield* this.#do(job)
    const { done, failures, bytes } = this.#writer
    const { attributesSkipped } = this.#metadata
    return { isRead: damaged !== undefined, done, failures, damaged: damaged ?? [], bytes, attributesSkipped }
  }

  /** @returns for each blob that could not be opened its pieces; undefined where the pack could not be read */
  *#do(job: WritingJob): Generator<undefined, DamagedPieces | undefined, undefined> {
    if (job.kind === 'stored') return yield* this.#writeStored(job)
    if (job.kind === 'sealed') {
      const damaged = yield* this.#writeSealed(job.bytes, job.offset, job.pieces)
      releaseNow(job.bytes)
      return damaged
    }
    if (job.kind === 'plain') for (const piece of job.pieces) if (!this.#isStopped) this.#writer.write(piece, job.bytes)
    if (job.kind === 'files') {
      for (const entry of job.files) {
        if (this.#isStopped) break
        this.#writer.complete(entry)
        yield
      }
    }
    return []
  }

  *#writeStored(job: WritingJob & { kind: 'stored' }): Generator<undefined, DamagedPieces | undefined, undefined> {
    const { pack, offset, length, pieces } = job
    if (this.#isStopped) return []
    if (this.#memory.length < length) this.#memory = Buffer.allocUnsafeSlow(Math.max(USUAL_RANGE, length))
    const bytes = this.#memory.subarray(0, length)
    if (this.#reader?.read('pack', pack, { offset, length }, bytes) !== true) return undefined
    return yield* this.#writeSealed(bytes, offset, pieces)
  }

  *#writeSealed(
    bytes: Uint8Array,
    offset: number,
    numbers: Uint32Array,
  ): Generator<undefined, DamagedPieces, undefined> {
    const damaged: (readonly number[])[] = []
    const blobs = new PieceBlobs(this.#pieces, numbers, (piece) => !this.#writer.isLost(piece))
    const write: TakeContent = (at, content) => {
      for (const piece of blobs.pieces(at)) this.#writer.write(piece, content)
    }
    for (let from = 0; from < blobs.count && !this.#isStopped; from += BLOBS_AT_ONCE) {
      if (from > 0) yield
      const to = Math.min(blobs.count, from + BLOBS_AT_ONCE)
      // Whoever looks for a damaged blob in other places says what is wrong with it where there are none.
      for (const { at } of this.#verifier.verify(bytes, offset, blobs, from, to, write))
        damaged.push([...blobs.pieces(at)])
    }
    return damaged
  }

  get #isStopped(): boolean {
    return Atomics.load(this.#stop, 0) !== 0
  }
}
