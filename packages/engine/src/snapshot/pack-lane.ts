import type { BlobType } from '../repository/blob.ts'
import type { PackWriter, FinishedPack } from '../repository/pack-writer.ts'
import { NOTHING_ADDED, sumAdded, type AddedBlobs } from './save-jobs.ts'

/** Packs of one kind of blob that a thread fills, one after the other. */
export class PackLane {
  readonly #type: BlobType
  readonly #writer: PackWriter<SharedArrayBuffer>
  readonly #ship: (pack: FinishedPack<SharedArrayBuffer>) => void
  #added: AddedBlobs = NOTHING_ADDED

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
  add(id: Uint8Array, plain: Uint8Array): void {
    if (!this.#writer.fits(plain.length)) this.finish()
    const { length } = this.#writer.add(id, plain)
    this.#added = sumAdded(this.#added, {
      dataBlobs: this.#type === 'data' ? 1 : 0,
      treeBlobs: this.#type === 'tree' ? 1 : 0,
      bytes: plain.length,
      packedBytes: length,
    })
    if (this.#writer.full) this.finish()
  }

  /** Hands over what has not filled a pack. */
  finish(): void {
    if (!this.#writer.empty) this.#ship(this.#writer.finish())
  }

  /** What was added since the last call. */
  takeAdded(): AddedBlobs {
    const added = this.#added
    this.#added = NOTHING_ADDED
    return added
  }
}
