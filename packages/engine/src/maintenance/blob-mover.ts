import { isVarveError, VarveError } from '@varve/platform/errors'
import { releaseNow } from '../release-now.ts'
import { BlobOpener } from '../repository/blob-opening.ts'
import { BlobVerifier } from '../repository/blob-verifying.ts'
import { SEAL_OVERHEAD, type BlobType, type PackedBlob } from '../repository/blob.ts'
import type { Id } from '../repository/id.ts'
import { PackedBlobs } from '../repository/packed-blobs.ts'
import { FRESH_PACK_MEMORY } from '../repository/pack-memory.ts'
import { PackWriter } from '../repository/pack-writer.ts'
import { Sealer } from '../repository/sealing.ts'
import { DirectReader } from '../storage/direct-reading.ts'
import type { MoveJob, RepackedPack, RepackJob, RepackOptions, RepackResult } from './repack-jobs.ts'

/** Memory for a piece of a pack: enough for all but those with an oversize blob. The system gives real memory only for what is written to. */
const USUAL_PIECE = 10 * 1024 * 1024

/** Takes blobs out of packs and fills new packs with them. */
export class BlobMover {
  readonly #options: RepackOptions
  readonly #verifier: BlobVerifier
  readonly #opener: BlobOpener
  readonly #writers: Readonly<Record<BlobType, PackWriter>>
  readonly #reader: DirectReader | undefined
  #copy = Buffer.alloc(0)
  #piece = Buffer.alloc(0)

  constructor(options: RepackOptions) {
    const { repository, source } = options
    this.#reader = source && new DirectReader(source)
    this.#options = options
    this.#verifier = new BlobVerifier(repository.key)
    this.#opener = new BlobOpener(new Sealer(repository.key))
    this.#writers = {
      data: new PackWriter('data', repository, FRESH_PACK_MEMORY),
      tree: new PackWriter('tree', repository, FRESH_PACK_MEMORY),
    }
  }

  /**
   * Does a job.
   * @returns packs that it filled; undefined where it could not read what it was to move
   * @throws ERR_VARVE_DAMAGED naming a blob that is not what it should be
   */
  handle(job: RepackJob): RepackResult {
    const finished: RepackedPack[] = []
    if (job.kind === 'move') {
      const bytes = job.bytes ?? this.#read(job)
      if (bytes === undefined) return undefined
      this.#verify(job, bytes)
      for (const blob of job.blobs) this.#move(job, bytes, blob, finished)
      if (job.bytes !== undefined) releaseNow(job.bytes)
    } else {
      this.#reader?.close()
      const writers = [this.#writers.data, this.#writers.tree]
      for (const writer of writers) if (!writer.empty) finished.push(writer.finish())
    }
    return finished
  }

  #read({ pack, offset, length }: MoveJob): Buffer | undefined {
    if (this.#piece.length < length) this.#piece = Buffer.allocUnsafeSlow(Math.max(USUAL_PIECE, length))
    const bytes = this.#piece.subarray(0, length)
    return this.#reader?.read('pack', pack, { offset, length }, bytes) === true ? bytes : undefined
  }

  /** Blobs are verified before their sealed bytes are taken over as they are: damage is never copied. */
  #verify({ pack, offset, blobs }: MoveJob, bytes: Uint8Array): void {
    const kept = PackedBlobs.inOrder(blobs.filter((blob) => !this.#isToBeCompressed(blob)))
    // In a copy: blobs are opened in place, and their sealed bytes are still wanted.
    const copy = this.#roomFor(bytes.length)
    for (let at = 0; at < kept.count; at++) {
      const start = kept.offset(at) - offset
      copy.set(bytes.subarray(start, start + kept.length(at)), start)
    }
    const [damaged] = this.#verifier.verify(copy, offset, kept, 0, kept.count)
    if (damaged !== undefined) throw damagedBlob(pack, kept.blob(damaged.at), damaged.message)
  }

  #move({ pack, offset }: MoveJob, bytes: Uint8Array, blob: PackedBlob, finished: RepackedPack[]): void {
    const start = blob.offset - offset
    const sealed = bytes.subarray(start, start + blob.length)
    const writer = this.#writers[blob.type]
    if (writer.full || !writer.fits(blob.length - SEAL_OVERHEAD)) finished.push(writer.finish())
    if (this.#isToBeCompressed(blob)) writer.add(blob.id, this.#open(pack, sealed, blob))
    else writer.addSealed(blob.id, sealed, blob.uncompressedLength)
  }

  #open(pack: Id, sealed: Uint8Array, blob: PackedBlob): Uint8Array {
    const copy = this.#roomFor(sealed.length)
    copy.set(sealed)
    try {
      return this.#opener.open(copy, blob)
    } catch (error) {
      if (!isVarveError(error)) throw error
      throw damagedBlob(pack, blob, error.message, error)
    }
  }

  /** Memory that is used again with the next call. */
  #roomFor(length: number): Uint8Array {
    if (this.#copy.length < length) this.#copy = Buffer.allocUnsafeSlow(Math.max(USUAL_PIECE, length))
    return this.#copy.subarray(0, length)
  }

  #isToBeCompressed({ type, uncompressedLength }: PackedBlob): boolean {
    const { repository, compressData } = this.#options
    return repository.version >= 2 && uncompressedLength === 0 && (type === 'tree' || compressData)
  }
}

function damagedBlob(pack: Id, { type, id }: PackedBlob, why: string, cause?: unknown): VarveError {
  return new VarveError('ERR_VARVE_DAMAGED', `${type} blob ${id} in pack ${pack} is damaged: ${why}`, { cause })
}
