import { matchesFilter } from '../history/snapshot-filter.ts'
import { isPartial, sourceHost } from '../repository/partial-snapshot.ts'
import type { Snapshot, StoredSnapshot } from '../repository/snapshot.ts'
import { timestampToNanoseconds, type Timestamp } from '../repository/timestamp.ts'
import type { ParentGrouping } from './snapshot-options.ts'

/** What a new snapshot is, as far as the choice of its parent goes. */
export interface NewSnapshot {
  readonly host: string
  /** Absolute. */
  readonly paths: readonly string[]
  readonly tags: readonly string[]
  readonly time: Timestamp
}

/** What a new snapshot is compared with. */
export interface Parents {
  readonly parent: StoredSnapshot | undefined
  /** Partial snapshots that know more than the parent, the latest first: the new snapshot goes on where those were interrupted. */
  readonly partials: readonly StoredSnapshot[]
}

/** restic's default. */
export const DEFAULT_PARENT_GROUPING: ParentGrouping = { host: true, paths: true, tags: false }

/**
 * The snapshots to compare with. The parent is chosen as restic does: the latest that is not younger than the new one and agrees with it in what
 * `groupBy` names, where having more paths or tags than the new one is no hindrance. Partial snapshots come on top of it, if they are younger.
 *
 * @param snapshots - all of the repository, oldest first
 */
export function chooseParents(
  snapshots: readonly StoredSnapshot[],
  snapshot: NewSnapshot,
  groupBy: ParentGrouping,
): Parents {
  const filter = {
    ...(groupBy.host ? { hosts: [snapshot.host] } : {}),
    ...(groupBy.paths ? { paths: snapshot.paths } : {}),
    ...(groupBy.tags ? { tags: [snapshot.tags] } : {}),
  }
  const limit = timestampToNanoseconds(snapshot.time)
  const candidates = snapshots.filter(
    (candidate) => timestampToNanoseconds(candidate.time) <= limit && matchesFilter(candidate, filter),
  )
  const parent = candidates.findLast((candidate) => !isPartial(candidate))
  const since = parent === undefined ? 0 : candidates.indexOf(parent) + 1
  return { parent, partials: candidates.slice(since).filter(isPartial).toReversed() }
}

/**
 * The partial snapshots that a good one makes superfluous: those of the same machine and paths that are not younger. One that somebody has
 * changed since, by giving it a tag or otherwise, is that person's, and not among them.
 */
export function supersededBy(
  snapshots: readonly StoredSnapshot[],
  good: Omit<Snapshot, 'tree'>,
): readonly StoredSnapshot[] {
  const limit = timestampToNanoseconds(good.time)
  const source = sourceOf(good)
  return snapshots.filter(
    (snapshot) =>
      isPartial(snapshot) &&
      snapshot.original === undefined &&
      timestampToNanoseconds(snapshot.time) <= limit &&
      sourceOf(snapshot) === source,
  )
}

function sourceOf(snapshot: Omit<Snapshot, 'tree'>): string {
  return JSON.stringify([sourceHost(snapshot), ...snapshot.paths.toSorted()])
}
