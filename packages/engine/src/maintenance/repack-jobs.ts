import type { PackedBlob } from '../repository/blob.ts'
import type { Id } from '../repository/id.ts'
import type { IndexedPack } from '../repository/index-file.ts'
import type { WorkerRepository } from '../repository/worker-repository.ts'
import type { DirectSource } from '../storage/direct-reading.ts'

/** How packs are written anew. A plain value: threads get it. */
export interface RepackOptions {
  readonly repository: WorkerRepository
  /** Where threads read packs themselves; without it, their bytes come with the jobs. */
  readonly source: DirectSource | undefined
  /** Compress content that is not compressed, too. */
  readonly compressData: boolean
}

/** Blobs to take over. */
export interface MoveJob {
  readonly kind: 'move'
  readonly pack: Id
  /** Where in the pack the piece begins, and its bytes. */
  readonly offset: number
  readonly length: number
  /** The piece; without it, whoever does the job reads it. */
  readonly bytes?: Uint8Array<ArrayBuffer>
  /** The blobs of the piece that are to be taken over. */
  readonly blobs: readonly PackedBlob[]
}

/** What a thread that writes packs anew can be asked to do: `finish` is to hand over what has not filled a pack. */
export type RepackJob = MoveJob | { readonly kind: 'finish' }

/** A pack that became ready. */
export interface RepackedPack {
  readonly id: Id
  /** The whole pack, at the start of its memory. */
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly indexed: IndexedPack
}

/** Packs that became ready, to be stored; undefined where the piece could not be read, and has to come with the job. */
export type RepackResult = readonly RepackedPack[] | undefined
