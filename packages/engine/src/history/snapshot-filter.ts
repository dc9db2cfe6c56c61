import { ownTags, sourceHost } from '../repository/partial-snapshot.ts'
import type { Snapshot } from '../repository/snapshot.ts'

/** Which snapshots are meant, as restic's `--host`, `--path` and `--tag` say it. What is left out or empty does not restrict. */
export interface SnapshotFilter {
  /** Any of these hosts. */
  readonly hosts?: readonly string[]
  /** All of these paths, spelled as in the snapshot. */
  readonly paths?: readonly string[]
  /** Any of these lists, all of whose tags the snapshot has. An empty tag stands for a snapshot without tags. */
  readonly tags?: readonly (readonly string[])[]
}

/** Whether a snapshot is one of those that `filter` means. */
export function matchesFilter(snapshot: Snapshot, filter: SnapshotFilter): boolean {
  const { hosts = [], paths = [], tags = [] } = filter
  if (hosts.length > 0 && !hosts.includes(sourceHost(snapshot))) return false
  if (!paths.every((path) => snapshot.paths.includes(path))) return false
  return tags.length === 0 || tags.some((list) => hasTags(snapshot, list))
}

function hasTags(snapshot: Snapshot, wanted: readonly string[]): boolean {
  const { tags = [] } = snapshot
  return wanted.every((tag) => (tag === '' && ownTags(snapshot).length === 0) || tags.includes(tag))
}

/** Whether `filter` lets every snapshot through. */
export function isEmptyFilter(filter: SnapshotFilter): boolean {
  return (filter.hosts?.length ?? 0) + (filter.paths?.length ?? 0) + (filter.tags?.length ?? 0) === 0
}

/**
 * The last `count` snapshots of each host and set of paths, partial ones apart.
 *
 * @param snapshots - oldest first
 * @returns those that stay, in the same order
 */
export function latestOfEachSource<S extends Snapshot>(snapshots: readonly S[], count: number): readonly S[] {
  const seen = new Map<string, number>()
  const kept: S[] = []
  for (const snapshot of snapshots.toReversed()) {
    const source = JSON.stringify([snapshot.hostname ?? '', ...snapshot.paths.toSorted()])
    const before = seen.get(source) ?? 0
    seen.set(source, before + 1)
    if (before < count) kept.push(snapshot)
  }
  return kept.toReversed()
}
