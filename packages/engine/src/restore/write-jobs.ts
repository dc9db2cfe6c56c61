import type { Id } from '../repository/id.ts'
import type { MasterKey } from '../repository/master-key.ts'
import type { DirectSource } from '../storage/direct-reading.ts'
import type { SharedEntries } from './planned-entries.ts'
import type { SharedPieces } from './planned-pieces.ts'

/** What has been planned so far, as a writing thread gets it. */
export interface SharedPlan {
  readonly entries: SharedEntries
  readonly pieces: SharedPieces
}

/** What a writing thread has to know before all else. */
export interface WriteSetup extends SharedPlan {
  readonly key: MasterKey
  /** Where it can read packs by itself, if so. */
  readonly source: DirectSource | undefined
  /** Whether long runs of zeros in new files become holes. */
  readonly sparse: boolean
  /** Turns to 1 when the threads should leave the rest of their jobs. */
  readonly stop: Int32Array<SharedArrayBuffer>
}

/** What a writing thread is asked: first of all to set itself up, later to know more of the plan. */
export type WriteJob =
  | { readonly kind: 'setup'; readonly setup: WriteSetup }
  | { readonly kind: 'follow'; readonly plan: SharedPlan }
  | WritingJob

/** Something to write. */
export type WritingJob =
  /** As `sealed`, but to read the range from its pack first. */
  | {
      readonly kind: 'stored'
      readonly pack: Id
      readonly offset: number
      readonly length: number
      readonly pieces: Uint32Array<ArrayBuffer>
    }
  /** To open pieces from a range of a pack that starts at `offset`, and to write them. They come in the order in which they lie in the pack. */
  | {
      readonly kind: 'sealed'
      readonly bytes: Uint8Array<ArrayBuffer>
      readonly offset: number
      readonly pieces: Uint32Array<ArrayBuffer>
    }
  /** To write pieces that all have the same content, which has been verified. */
  | { readonly kind: 'plain'; readonly bytes: Uint8Array<ArrayBuffer>; readonly pieces: Uint32Array<ArrayBuffer> }
  /** To complete files of whose content nothing is to be written. */
  | { readonly kind: 'files'; readonly files: Uint32Array<ArrayBuffer> }

/** A file that could not be written, or not wholly. */
export interface FileFailure {
  readonly entry: number
  /** A sentence without the path. */
  readonly message: string
}

/** What it answers. Rejected with ERR_VARVE_TARGET where nothing more can be written into the target at all. */
export interface WriteResult {
  /** Whether a range could be read from its pack. If not, nothing was done. */
  readonly isRead: boolean
  /** Files that are complete. */
  readonly done: readonly number[]
  readonly failures: readonly FileFailure[]
  /** For each blob that could not be opened the pieces that it should have given. */
  readonly damaged: readonly (readonly number[])[]
  /** Bytes of content written. */
  readonly bytes: number
  /** Files some of whose extended attributes could not be kept. */
  readonly attributesSkipped: number
}
