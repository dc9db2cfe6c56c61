import type { BlobIndex } from '../repository/blob-index.ts'
import type { BlobHandle, PackedBlob } from '../repository/blob.ts'
import type { Id } from '../repository/id.ts'

/** Which places of blobs turned out to be no good, and so which blobs are in no good place at all. */
export class LostContent {
  readonly #index: BlobIndex
  readonly #packs = new Set<Id>()
  readonly #places = new Set<string>()
  readonly #blobs = new Set<string>()

  constructor(index: BlobIndex) {
    this.#index = index
  }

  /** A pack is of no use at all. */
  losePack(pack: Id): void {
    this.#packs.add(pack)
  }

  /** A pack does not hold one of its blobs. */
  losePlace(pack: Id, blob: PackedBlob): void {
    this.#places.add(`${pack}/${blob.offset}`)
  }

  /** A blob is of no use, wherever it lies. */
  loseBlob(blob: BlobHandle): void {
    this.#blobs.add(blobKey(blob))
  }

  /** Whether a blob is in no index, or none of its places is good. */
  has(blob: BlobHandle): boolean {
    if (this.#blobs.has(blobKey(blob))) return true
    if (this.#packs.size === 0 && this.#places.size === 0) return !this.#index.has(blob.type, blob.id)
    const places = this.#index.lookupAll(blob.type, blob.id)
    return places.every(({ pack, offset }) => this.#packs.has(pack) || this.#places.has(`${pack}/${offset}`))
  }
}

/** Names a blob in a map or set. */
export function blobKey(blob: BlobHandle): string {
  return `${blob.type} ${blob.id}`
}
