import type { Node } from '../repository/node.ts'
import type { SnapshotSummary } from '../repository/snapshot.ts'
import { timestampNow } from '../repository/timestamp.ts'
import type { AddedBlobs } from './save-jobs.ts'
import type { SnapshotItem } from './snapshot-options.ts'

/** Counts what a snapshot meets, by restic's meaning of new, changed and unmodified (`internal/archiver/progress.go`). */
export class Tally {
  readonly #start = timestampNow()
  readonly #files = { new: 0, changed: 0, unmodified: 0 }
  readonly #dirs = { new: 0, changed: 0, unmodified: 0 }
  #bytes = 0
  #bytesTakenOver = 0

  /** Files that have been dealt with. */
  get filesDone(): number {
    return this.#files.new + this.#files.changed + this.#files.unmodified
  }

  /** Bytes of files whose content was taken over from the parent snapshot without reading it. */
  get bytesTakenOver(): number {
    return this.#bytesTakenOver
  }

  /** Counts a file or folder. */
  count({ type, size }: Pick<Node, 'type' | 'size'>, action: SnapshotItem['action']): void {
    const counts = type === 'dir' ? this.#dirs : this.#files
    counts[action]++
    this.#bytes += Number(size)
  }

  /** Counts a file whose content was taken over from the parent snapshot. @param size - bytes */
  countTakenOver(size: number): void {
    this.#files.unmodified++
    this.#bytes += size
    this.#bytesTakenOver += size
  }

  /** The figures as a snapshot keeps them. */
  summary(added: AddedBlobs): SnapshotSummary {
    return {
      backupStart: this.#start,
      backupEnd: timestampNow(),
      filesNew: this.#files.new,
      filesChanged: this.#files.changed,
      filesUnmodified: this.#files.unmodified,
      dirsNew: this.#dirs.new,
      dirsChanged: this.#dirs.changed,
      dirsUnmodified: this.#dirs.unmodified,
      dataBlobs: added.dataBlobs,
      treeBlobs: added.treeBlobs,
      dataAdded: added.bytes,
      dataAddedPacked: added.packedBytes,
      totalFilesProcessed: this.filesDone,
      totalBytesProcessed: this.#bytes,
    }
  }
}
