import type { OpenRepository } from '../repository/repository.ts'
import type { StoredSnapshot } from '../repository/snapshot.ts'
import { latestOfEachSource, matchesFilter, type SnapshotFilter } from './snapshot-filter.ts'
import { measureSnapshots, type DistinctSize, type SnapshotSizes } from './snapshot-sizes.ts'

/** Which snapshots to list, and what to say of them. */
export interface ListOptions {
  readonly filter?: SnapshotFilter
  /** Only the last so many of each host and set of paths. */
  readonly latest?: number
  /** What `distinctSize` means; `none`, the default, measures nothing and reads no folder. */
  readonly sizes?: DistinctSize | 'none'
  readonly signal?: AbortSignal | undefined
}

/** A snapshot in a list. */
export interface SnapshotRow {
  /** 1 is the oldest of all snapshots, whatever else the list shows. */
  readonly number: number
  readonly snapshot: StoredSnapshot
  /**
   * Bytes of all files, as a restore writes them. Measured, a file with several hard links counts once; not measured, it is what the
   * snapshot's own summary says, which counts it for each of its names. Undefined where there is no summary, or folders cannot be read.
   */
  readonly size: number | undefined
  /** Bytes of content, before compression; undefined where it was not measured, or folders cannot be read. */
  readonly distinctSize: number | undefined
}

/** Snapshots, oldest first. */
export interface SnapshotList {
  readonly rows: readonly SnapshotRow[]
  /** Bytes of the content of all snapshots of the repository, before compression, each piece once; undefined where it was not measured. */
  readonly total: number | undefined
  /** Why some sizes are not known: a sentence for each folder that cannot be read, or piece of content that is missing. */
  readonly problems: readonly string[]
}

/**
 * Lists snapshots. To measure them, every distinct folder of the repository is read once or twice. Takes no lock: where a prune may run at the
 * same time, call it within `withLock`.
 *
 * @throws ERR_VARVE_DAMAGED for a snapshot or an index that cannot be read, ERR_VARVE_STORAGE, ERR_VARVE_ABORTED
 */
export async function listSnapshots(repository: OpenRepository, options: ListOptions = {}): Promise<SnapshotList> {
  const { filter = {}, latest, sizes = 'none', signal } = options
  const all = await repository.snapshots()
  const measured =
    sizes === 'none' ? undefined : await measureSnapshots(await repository.loadIndex(signal), all, sizes, signal)
  const matching = all.filter((snapshot) => matchesFilter(snapshot, filter))
  const listed = new Set(latest === undefined ? matching : latestOfEachSource(matching, latest))
  const rows = all.map((snapshot, i) => toRow(snapshot, i, measured))
  return {
    rows: rows.filter((row) => listed.has(row.snapshot)),
    total: measured?.total,
    problems: measured?.problems ?? [],
  }
}

function toRow(snapshot: StoredSnapshot, position: number, measured: SnapshotSizes | undefined): SnapshotRow {
  return {
    number: position + 1,
    snapshot,
    size: measured === undefined ? snapshot.summary?.totalBytesProcessed : measured.size[position],
    distinctSize: measured?.distinctSize[position],
  }
}
