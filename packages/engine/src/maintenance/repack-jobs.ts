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

/** A piece of a pack, and the blobs in it that are to be taken over. */
export interface PackPiece {
  /** Where in the pack it begins. */
  readonly offset: number
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly blobs: readonly PackedBlob[]
}

/** What a thread that writes packs anew can be asked to do. */
export type RepackJob =
  | { readonly kind: 'move'; readonly pack: Id; readonly pieces: readonly PackPiece[] }
  /** Hand over what has not filled a pack. */
  | { readonly kind: 'finish' }

/** Packs that became ready, to be stored. */
export type RepackResult = readonly FinishedPack[]
