import { isVarveError } from '@varve/platform/errors'
import { BlobVerifier } from './blob-verifying.ts'
import type { BlobLocation } from './blob.ts'
import type { Id } from './id.ts'
import type { MasterKey } from './master-key.ts'
import { PackedBlobs } from './packed-blobs.ts'
import { decodeEntriesForNow } from './tree-decoding.ts'
import type { TreeEntries } from './tree-entries.ts'

const FIRST_MEMORY = 64 * 1024

/** Trees that are opened together, in memory that serves the next ones again: takes less time than opening each by itself. */
export class TreeGroup {
  readonly #verifier: BlobVerifier
  readonly #places = new PackedBlobs()
  readonly #ids: Id[] = []
  /** Sealed trees, one behind the other. They are opened in place, and the bytes that they came from stay as they are. */
  #sealed = Buffer.alloc(0)
  #length = 0

  /** @param key - its bytes are copied */
  constructor(key: MasterKey) {
    this.#verifier = new BlobVerifier(key)
  }

  /** Takes one more tree. @param sealed - the bytes that the pack has at that place; they are copied */
  add({ id, length, uncompressedLength }: BlobLocation, sealed: Uint8Array): void {
    const end = this.#length + sealed.length
    if (end > this.#sealed.length) this.#grow(end)
    this.#sealed.set(sealed, this.#length)
    this.#places.add('tree', id, this.#length, length, uncompressedLength)
    this.#ids.push(id)
    this.#length = end
  }

  /**
   * Opens, verifies and decodes the trees, which are forgotten then.
   * @param use - gets those that are sound; the entries are valid as long as it runs
   */
  open(use: (id: Id, entries: TreeEntries) => void): void {
    const ids = this.#ids.splice(0)
    const sealed = this.#sealed.subarray(0, this.#length)
    this.#length = 0
    try {
      this.#verifier.verify(sealed, 0, this.#places, 0, ids.length, (at, content) => {
        const id = ids[at]
        const entries = id && entriesIfSound(content, id)
        if (id !== undefined && entries !== undefined) use(id, entries)
      })
    } finally {
      this.#places.clear()
    }
  }

  #grow(length: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(FIRST_MEMORY, 2 * length))
    grown.set(this.#sealed.subarray(0, this.#length))
    this.#sealed = grown
  }
}

function entriesIfSound(content: Uint8Array, id: Id): TreeEntries | undefined {
  try {
    return decodeEntriesForNow(content, id)
  } catch (error) {
    if (!isVarveError(error)) throw error
    return undefined
  }
}
