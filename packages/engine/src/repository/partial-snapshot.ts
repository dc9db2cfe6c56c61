import type { Snapshot } from './snapshot.ts'

/**
 * The tag of a snapshot that was interrupted and holds only what was saved until then. Tags outlive all that other clients do to a snapshot, and nobody
 * gives a snapshot this one by accident.
 */
export const PARTIAL_TAG = 'varve-partial'

/**
 * What follows the name of the machine in a partial snapshot. Other clients choose parents, `latest` and what to forget among the snapshots of a
 * machine: a partial one must not take the place of a good one there.
 */
const HOST_SUFFIX = ' (partial)'

/** Whether a snapshot holds only a part of its sources. */
export function isPartial({ tags = [] }: Pick<Snapshot, 'tags'>): boolean {
  return tags.includes(PARTIAL_TAG)
}

/** The same snapshot, marked as partial. */
export function markPartial(snapshot: Snapshot): Snapshot {
  const { hostname = '', tags = [] } = snapshot
  return { ...snapshot, hostname: hostname + HOST_SUFFIX, tags: [...tags, PARTIAL_TAG] }
}

/** The name of the machine whose files a snapshot holds, partial or not; empty where it says none. */
export function sourceHost(snapshot: Pick<Snapshot, 'hostname' | 'tags'>): string {
  const { hostname = '' } = snapshot
  return isPartial(snapshot) && hostname.endsWith(HOST_SUFFIX) ? hostname.slice(0, -HOST_SUFFIX.length) : hostname
}

/** The tags that somebody gave to a snapshot: without the mark of a partial one. */
export function ownTags({ tags = [] }: Pick<Snapshot, 'tags'>): readonly string[] {
  return tags.filter((tag) => tag !== PARTIAL_TAG)
}
