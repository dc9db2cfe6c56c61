import type { SharedPackPool } from '../repository/pack-memory.ts'
import type { Id } from '../repository/id.ts'
import type { BlobType } from '../repository/blob.ts'
import type { IndexedPack } from '../repository/index-file.ts'
import type { WorkerRepository } from '../repository/worker-repository.ts'
import type { SharedBlobClaims } from '../repository/blob-claims.ts'
import type { FileState } from './change-detection.ts'
import type { BlobBatch } from './blob-batch.ts'
import type { FileBatch, SavedBatch } from './file-batch.ts'

/** What a saving thread starts with. */
export interface SaveWorkerData {
  readonly repository: WorkerRepository
  readonly claims: SharedBlobClaims
  /** Of `SaveCounters`. */
  readonly counters: SharedArrayBuffer
  readonly packs: Readonly<Record<BlobType, SharedPackPool>>
  /** A dry run: packs are finished and counted, and not handed over. */
  readonly discard: boolean
}

/** A file as the scan saw it. */
export interface FileToSave extends FileState {
  readonly path: string
}

/** A piece of a large file, from one cut to another. */
export interface FilePiece {
  /** Counts the pieces of a file, from 0 on. */
  readonly number: number
  readonly path: string
  readonly offset: number
  /** Bytes that the file had when reading began; undefined for the first piece. */
  readonly fileSize: number | undefined
}

/** Where a piece ends. */
export interface PieceCut {
  /** Offset in the file. */
  readonly end: number
  /** Bytes that the file had when reading began. */
  readonly fileSize: number
  /** Nothing comes after it. */
  readonly ended: boolean
}

/** How a file was before and after a piece of it was read. */
export interface PieceReading {
  readonly before: FileState
  readonly after: FileState
}

/** What became of a piece. */
export type SavedPiece =
  | ({ readonly kind: 'saved'; readonly ids: readonly Id[] } & PieceReading)
  | { readonly kind: 'failed'; readonly message: string }

/** What a saving thread can be asked to do. */
export type SaveJob =
  | { readonly kind: 'piece'; readonly file: number; readonly piece: FilePiece }
  | { readonly kind: 'files'; readonly batch: FileBatch }
  | { readonly kind: 'blobs'; readonly batch: BlobBatch }
  | { readonly kind: 'finish' }
  /** Wakes a thread that has nothing to do: see `SaveCounters.askForFlush`. */
  | { readonly kind: 'flush' }

/** What became of a file. */
export type SavedFile =
  | {
      readonly kind: 'saved'
      /** Its blobs. */
      readonly content: readonly Id[]
      /** Bytes that were read. */
      readonly size: number
      /** The file when reading began, where that is not what the scan saw. */
      readonly found: FileState | undefined
      /** It changed between the first byte read and the last. */
      readonly changedWhileRead: boolean
    }
  | { readonly kind: 'failed'; readonly message: string }

/** Blobs that were stored. Bytes before compression, and sealed as in the pack. */
export interface AddedBlobs {
  readonly dataBlobs: number
  readonly treeBlobs: number
  readonly bytes: number
  readonly packedBytes: number
}

/** What a saving thread answers. */
export interface SaveResult {
  /** For a job of files. */
  readonly files?: SavedBatch
  /** For a job of a piece. */
  readonly piece?: SavedPiece
  readonly added: AddedBlobs
}

/** A full pack on its way to the storage. */
export interface PackEvent {
  readonly type: BlobType
  readonly id: Id
  readonly bytes: Uint8Array<SharedArrayBuffer>
  /** Slot of the pool to give back when the storage has taken its bytes. */
  readonly slot: number | undefined
  readonly indexed: IndexedPack
}

/** A thread has handed over all packs that it had begun when it was asked to. */
export interface FlushEvent {
  readonly type: 'flushed'
  /** Number of the request. */
  readonly flush: number
}

/** It is known where a piece of a large file ends. */
export interface CutEvent {
  readonly type: 'cut'
  /** As in the job. */
  readonly file: number
  readonly cut: PieceCut
}

/** What a saving thread tells besides its answers. */
export type SaveEvent = PackEvent | FlushEvent | CutEvent

/** Nothing added. */
export const NOTHING_ADDED: AddedBlobs = { dataBlobs: 0, treeBlobs: 0, bytes: 0, packedBytes: 0 }

/** The sum of two. */
export function sumAdded(a: AddedBlobs, b: AddedBlobs): AddedBlobs {
  return {
    dataBlobs: a.dataBlobs + b.dataBlobs,
    treeBlobs: a.treeBlobs + b.treeBlobs,
    bytes: a.bytes + b.bytes,
    packedBytes: a.packedBytes + b.packedBytes,
  }
}
