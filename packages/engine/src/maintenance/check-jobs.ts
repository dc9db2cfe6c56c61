import type { PackedBlob } from '../repository/blob.ts'
import type { MasterKey } from '../repository/master-key.ts'

/** What a thread that verifies blobs starts with. */
export interface CheckWorkerData {
  readonly key: MasterKey
}

/** A piece of a pack to verify. */
export interface CheckPieceJob {
  /** Where in the pack it begins. */
  readonly offset: number
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The blobs that should be in it. */
  readonly blobs: readonly PackedBlob[]
}

/** Blobs that should be in a piece and are not. */
export type CheckPieceResult = readonly { readonly blob: PackedBlob; readonly message: string }[]
