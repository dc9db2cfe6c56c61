import { resolve } from 'node:path'
import type { Platform } from '@varve/platform'
import type { Id } from '../repository/id.ts'
import type { Snapshot, SnapshotSummary, StoredSnapshot } from '../repository/snapshot.ts'
import { timestampNow } from '../repository/timestamp.ts'
import type { SnapshotOptions } from './snapshot-options.ts'
import { streamPath } from './stream-source.ts'

/** What is known of a snapshot before anything is saved. */
export type DescribedSnapshot = Omit<Snapshot, 'tree' | 'parent' | 'summary'>

/** What the snapshot of these sources says of itself. */
export function describeSnapshot(
  options: SnapshotOptions,
  sources: readonly string[],
  platform: Platform,
): DescribedSnapshot {
  const { stream, host, time, tags, description, rules, programVersion } = options
  const user = platform.accounts.currentUser()
  const excludes = rules?.exclude ?? []
  return {
    time: time ?? timestampNow(),
    paths: stream === undefined ? sources.map(storedPath) : [`/${streamPath(stream.name).join('/')}`],
    hostname: host ?? platform.hostName(),
    username: user.name,
    uid: user.uid,
    gid: user.gid,
    ...(excludes.length === 0 ? {} : { excludes }),
    ...(tags === undefined || tags.length === 0 ? {} : { tags }),
    ...(programVersion === undefined ? {} : { programVersion }),
    ...(description === undefined ? {} : { description }),
  }
}

/** The same with what was saved. */
export function describeTree(
  described: DescribedSnapshot,
  tree: Id,
  parent: StoredSnapshot | undefined,
  summary: SnapshotSummary,
): Snapshot {
  return { ...described, tree, ...(parent === undefined ? {} : { parent: parent.id }), summary }
}

/** As a snapshot keeps it: JSON has no room for bytes that are not UTF-8, and the next snapshot looks for its parent by what was kept. */
function storedPath(source: string): string {
  return resolve(source).toWellFormed()
}
