import type { SharedBlobIndex } from '../repository/blob-index.ts'
import type { PackedBlob } from '../repository/blob.ts'
import type { Id } from '../repository/id.ts'
import type { MasterKey } from '../repository/master-key.ts'

/** What a thread that verifies packs starts with. */
export interface CheckWorkerData {
  readonly key: MasterKey
  readonly index: SharedBlobIndex
}

/** A pack to verify. */
export interface CheckPackJob {
  readonly pack: Id
  /** All of it. */
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** What is wrong with a pack. */
export interface CheckPackResult {
  /** With the pack as a whole, each a sentence without its name. */
  readonly faults: readonly string[]
  /** Blobs that the index says are there and that are not. */
  readonly damaged: readonly { readonly blob: PackedBlob; readonly message: string }[]
}
