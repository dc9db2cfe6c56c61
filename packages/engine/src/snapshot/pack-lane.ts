import type { BlobType } from '../repository/blob.ts'
import type { Id } from '../repository/id.ts'
import type { PackWriter, FinishedPack } from '../repository/pack-writer.ts'
import type { AddedBlobs } from './save-jobs.ts'

/** Packs of one kind of blob that a thread fills, one after the other. */
export class PackLane {
  readonly #type: BlobType
  readonly #writer: PackWriter<SharedArrayBuffer>
  readonly #ship: (pack: FinishedPack<SharedArrayBuffer>) => void
  #blobs = 0
  #bytes = 0
  #packedBytes = 0

  /** @param ship - takes each full pack */
  constructor(
    type: BlobType,
    writer: PackWriter<SharedArrayBuffer>,
    ship: (pack: FinishedPack<SharedArrayBuffer>) => void,
  ) {
    this.#type = type
    this.#writer = writer
    this.#ship = ship
  }

  /** Appends a blob and hands the pack over when that fills it. */
  add(id: Id, plain: Uint8Array): void {
    if (!this.#writer.fits(plain.length)) this.finish()
    const { length } = this.#writer.add(id, plain)
    this.#blobs++
    this.#bytes += plain.length
    this.#packedBytes += length
    if (this.#writer.full) this.finish()
  }

  /** Hands over what has not filled a pack. */
  finish(): void {
    if (!this.#writer.empty) this.#ship(this.#writer.finish())
  }

  /** What was added since the last call. */
  takeAdded(): AddedBlobs {
    const added = {
      dataBlobs: this.#type === 'data' ? this.#blobs : 0,
      treeBlobs: this.#type === 'tree' ? this.#blobs : 0,
      bytes: this.#bytes,
      packedBytes: this.#packedBytes,
    }
    this.#blobs = 0
    this.#bytes = 0
    this.#packedBytes = 0
    return added
  }
}
