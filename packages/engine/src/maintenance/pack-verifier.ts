import { createHash } from 'node:crypto'
import { BlobIndex } from '../repository/blob-index.ts'
import { BlobVerifier } from '../repository/blob-verifying.ts'
import { Sealer } from '../repository/sealing.ts'
import { DirectReader } from '../storage/direct-reading.ts'
import type { CheckPieceResult, PackCheckWorkerData, PackJob, PackJobResult, PackVerdict } from './check-jobs.ts'
import type { PresentPack } from './check-packs.ts'
import { wholePieces } from './pack-pieces.ts'
import { PackQueue } from './pack-queue.ts'
import { verifyHeaderAtHand } from './verify-header.ts'
import { describeDamaged } from './verify-piece.ts'

/** Memory for a piece: enough for all but those with an oversize blob. The system gives real memory only for what is written to. */
const USUAL_PIECE = 10 * 1024 * 1024

/** Verifies packs as `verifyPack` does, in the thread that also reads them. */
export class PackVerifier {
  readonly #index: BlobIndex
  readonly #sealer: Sealer
  readonly #verifier: BlobVerifier
  readonly #reader: DirectReader
  readonly #queue: PackQueue
  #buffer: Buffer = Buffer.alloc(0)

  constructor({ key, index, source, queue }: PackCheckWorkerData) {
    this.#index = BlobIndex.attach(index)
    this.#sealer = new Sealer(key)
    this.#verifier = new BlobVerifier(key)
    this.#reader = new DirectReader(source)
    this.#queue = PackQueue.attach(queue)
  }

  /** Does a job. */
  handle(job: PackJob): PackJobResult {
    const pack = job === 'next' ? this.#queue.take() : job
    return pack && { pack, verdict: this.#verify(pack) }
  }

  #verify({ id, size }: PresentPack): PackVerdict | undefined {
    const indexed = this.#index.packedBlobs(id)
    const hash = createHash('sha256')
    const faults: string[] = []
    const damaged: CheckPieceResult[number][] = []
    for (const { offset, length, from, to } of wholePieces(size, indexed)) {
      const bytes = this.#memory(length)
      if (!this.#reader.read('pack', id, { offset, length }, bytes)) return undefined
      hash.update(bytes)
      if (offset + length === size) {
        const header = verifyHeaderAtHand(this.#sealer, { id, size, end: bytes }, indexed)
        if (header === undefined) return undefined
        if (header.fault !== undefined) faults.push(header.fault)
      }
      damaged.push(...describeDamaged(this.#verifier.verify(bytes, offset, indexed, from, to), indexed))
    }
    const found = hash.digest('hex')
    if (found !== id) faults.unshift(`its content has the hash ${found}`)
    return { faults, damaged }
  }

  /** Closes what is open. */
  close(): void {
    this.#reader.close()
  }

  #memory(length: number): Buffer {
    if (this.#buffer.length < length) this.#buffer = Buffer.allocUnsafeSlow(Math.max(USUAL_PIECE, length))
    return this.#buffer.subarray(0, length)
  }
}
