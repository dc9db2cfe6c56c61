import type { SharedBlobIndex } from '../repository/blob-index.ts'
import type { PackedBlob } from '../repository/blob.ts'
import type { MasterKey } from '../repository/master-key.ts'
import type { DirectSource } from '../storage/direct-reading.ts'
import type { PresentPack } from './check-packs.ts'

/** What a thread that verifies pieces of packs starts with. */
export interface CheckWorkerData {
  readonly key: MasterKey
}

/** What a thread that reads packs by itself starts with. */
export interface PackCheckWorkerData extends CheckWorkerData {
  readonly index: SharedBlobIndex
  readonly source: DirectSource
  /** Of a `PackQueue`. */
  readonly queue: SharedArrayBuffer
}

/** What a thread that reads packs by itself can be asked to do: verify the next one of the queue, or this one. */
export type PackJob = 'next' | PresentPack

/** What came of it; undefined where the queue is empty. The verdict is undefined for a pack that has to be read by its storage, which then says why. */
export type PackJobResult = { readonly pack: PresentPack; readonly verdict: PackVerdict | undefined } | undefined

/** A piece of a pack to verify. */
export interface CheckPieceJob {
  /** Where in the pack it begins. */
  readonly offset: number
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The blobs that should be in it: the `records` of `PackedBlobs`. */
  readonly records: Uint32Array<ArrayBuffer>
}

/** Blobs that should be in a piece and are not. */
export type CheckPieceResult = readonly { readonly blob: PackedBlob; readonly message: string }[]

/** What is wrong with a pack. */
export interface PackVerdict {
  /** With the pack as a whole, each a sentence without its name. */
  readonly faults: readonly string[]
  /** Blobs that the index says are there and that are not. */
  readonly damaged: CheckPieceResult
}
