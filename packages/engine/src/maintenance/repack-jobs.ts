import type { PackedBlob } from '../repository/blob.ts'
import type { Id } from '../repository/id.ts'
import type { FinishedPack } from '../repository/pack-writer.ts'
import type { WorkerRepository } from '../repository/worker-repository.ts'

/** How packs are written anew. A plain value: threads get it. */
export interface RepackOptions {
  readonly repository: WorkerRepository
  /** Compress content that is not compressed, too. */
  readonly compressData: boolean
}

/** Blobs to take over. */
export interface MoveJob {
  readonly kind: 'move'
  readonly pack: Id
  /** Where in the pack the piece begins that `bytes` are. */
  readonly offset: number
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The blobs of the piece that are to be taken over. */
  readonly blobs: readonly PackedBlob[]
}

/** What a thread that writes packs anew can be asked to do: `finish` is to hand over what has not filled a pack. */
export type RepackJob = MoveJob | { readonly kind: 'finish' }

/** Packs that became ready, to be stored. */
export type RepackResult = readonly FinishedPack[]
