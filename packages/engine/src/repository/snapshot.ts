import type { Id } from './id.ts'
import type { Timestamp } from './timestamp.ts'

/** What making a snapshot did. Counts, and bytes where named so. */
export interface SnapshotSummary {
  readonly backupStart: Timestamp
  readonly backupEnd: Timestamp
  readonly filesNew: number
  readonly filesChanged: number
  readonly filesUnmodified: number
  readonly dirsNew: number
  readonly dirsChanged: number
  readonly dirsUnmodified: number
  /** Blobs that this snapshot stored. */
  readonly dataBlobs: number
  readonly treeBlobs: number
  /** Bytes of those blobs, before compression and as stored. */
  readonly dataAdded: number
  readonly dataAddedPacked: number
  readonly totalFilesProcessed: number
  readonly totalBytesProcessed: number
}

/** The state of some paths at one moment, as its file in the repository says (restic's `internal/data/snapshot.go`). */
export interface Snapshot {
  readonly time: Timestamp
  readonly parent?: Id
  readonly tree: Id
  readonly paths: readonly string[]
  readonly hostname?: string
  readonly username?: string
  readonly uid?: number
  readonly gid?: number
  readonly excludes?: readonly string[]
  readonly tags?: readonly string[]
  readonly original?: Id
  readonly programVersion?: string
  readonly summary?: SnapshotSummary
  /** A sentence about the snapshot, kept in the field that rustic uses; restic ignores it. */
  readonly description?: string
}

/** A snapshot together with its name in the repository. */
export interface StoredSnapshot extends Snapshot {
  readonly id: Id
}
