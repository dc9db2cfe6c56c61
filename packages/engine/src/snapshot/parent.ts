import type { VarveError } from '@varve/platform/errors'
import { matchesFilter } from '../history/snapshot-filter.ts'
import type { Id } from '../repository/id.ts'
import type { OpenRepository } from '../repository/repository.ts'
import type { StoredSnapshot } from '../repository/snapshot.ts'
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

/** restic's default. */
export const DEFAULT_PARENT_GROUPING: ParentGrouping = { host: true, paths: true, tags: false }

/**
 * The snapshot to compare with, chosen as restic does: the latest that is not younger than the new one and agrees with it in what
 * `groupBy` names, where having more paths or tags than the new one is no hindrance.
 *
 * @param wanted - an id takes this one, null none
 * @param onDamaged - takes the error for each snapshot that cannot be read and so is no candidate
 */
export async function findParent(
  repository: OpenRepository,
  snapshot: NewSnapshot,
  groupBy: ParentGrouping,
  wanted: Id | null | undefined,
  onDamaged: (error: VarveError) => void = () => undefined,
): Promise<StoredSnapshot | undefined> {
  if (wanted === null) return undefined
  if (wanted !== undefined) return repository.loadSnapshot(wanted)
  const filter = {
    ...(groupBy.host ? { hosts: [snapshot.host] } : {}),
    ...(groupBy.paths ? { paths: snapshot.paths } : {}),
    ...(groupBy.tags ? { tags: [snapshot.tags] } : {}),
  }
  const limit = timestampToNanoseconds(snapshot.time)
  return (await repository.snapshots(onDamaged)).findLast(
    (candidate) => timestampToNanoseconds(candidate.time) <= limit && matchesFilter(candidate, filter),
  )
}
