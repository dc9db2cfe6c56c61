import { isVarveError, type VarveError } from '@varve/platform/errors'
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
  /** 1 is the oldest of all snapshots, whatever else the list shows. Undefined where some snapshot cannot be read, whose place nobody knows. */
  readonly number: number | undefined
  readonly snapshot: StoredSnapshot
  /**
   * Bytes of all files, as a restore writes them. Measured, a file with several hard links counts once; not measured, it is what the
   * snapshot's own summary says, which counts it for each of its names. Undefined where there is no summary, or folders cannot be read.
   */
  readonly size: number | undefined
  /** Bytes of content, before compression; undefined where it was not measured, or folders or snapshots cannot be read. */
  readonly distinctSize: number | undefined
}

/** Snapshots, oldest first. */
export interface SnapshotList {
  readonly rows: readonly SnapshotRow[]
  /** Bytes of the content of all snapshots of the repository, before compression, each piece once; undefined where it was not measured, or a snapshot cannot be read. */
  readonly total: number | undefined
  /** Why some sizes are not known: a sentence for each folder or index that cannot be read, or piece of content that is missing. */
  readonly problems: readonly string[]
  /** For each snapshot that cannot be read: why. */
  readonly damaged: readonly VarveError[]
}

/**
 * Lists snapshots. To measure them, every distinct folder of the repository is read once or twice. Takes no lock: where a prune may run at the
 * same time, call it within `withLock`.
 *
 * @throws ERR_VARVE_STORAGE, ERR_VARVE_ABORTED
 */
export async function listSnapshots(repository: OpenRepository, options: ListOptions = {}): Promise<SnapshotList> {
  const { filter = {}, latest, sizes = 'none', signal } = options
  const damaged: VarveError[] = []
  const all = await repository.snapshots((error) => damaged.push(error))
  const measured = sizes === 'none' ? undefined : await measure(repository, all, sizes, signal)
  const matching = all.filter((snapshot) => matchesFilter(snapshot, filter))
  const listed = new Set(latest === undefined ? matching : latestOfEachSource(matching, latest))
  const isComplete = damaged.length === 0
  const rows = all.map((snapshot, i) => ({
    number: isComplete ? i + 1 : undefined,
    snapshot,
    size: measured?.sizes === undefined ? snapshot.summary?.totalBytesProcessed : measured.sizes.size[i],
    distinctSize: isComplete ? measured?.sizes?.distinctSize[i] : undefined,
  }))
  return {
    rows: rows.filter((row) => listed.has(row.snapshot)),
    total: isComplete ? measured?.sizes?.total : undefined,
    problems: measured?.problems ?? [],
    damaged,
  }
}

/** Sizes, or why there are none. */
async function measure(
  repository: OpenRepository,
  snapshots: readonly StoredSnapshot[],
  distinct: DistinctSize,
  signal: AbortSignal | undefined,
): Promise<{ readonly sizes: SnapshotSizes | undefined; readonly problems: readonly string[] }> {
  try {
    const sizes = await measureSnapshots(await repository.loadIndex(signal), snapshots, distinct, signal)
    return { sizes, problems: sizes.problems }
  } catch (error) {
    if (isVarveError(error, 'ERR_VARVE_DAMAGED')) return { sizes: undefined, problems: [error.message] }
    throw error
  }
}
