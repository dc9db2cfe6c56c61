import type { LongCall, Problem } from '@varve/platform'
import type { Id } from '../repository/id.ts'
import type { NodeType } from '../repository/node.ts'
import type { SnapshotSummary, StoredSnapshot } from '../repository/snapshot.ts'
import type { Timestamp } from '../repository/timestamp.ts'
import type { CheckpointRule } from './checkpoints.ts'
import type { RuleOptions } from './rules/rules.ts'

/** By what the snapshots among which a parent is sought must agree with the new one. */
export interface ParentGrouping {
  readonly host: boolean
  readonly paths: boolean
  readonly tags: boolean
}

/** A stream that becomes the snapshot's only file. */
export interface StreamSource {
  /** Path of the file in the snapshot, `/`-separated. */
  readonly name: string
  readonly stream: AsyncIterable<Uint8Array>
}

/** What happened to an entry. */
export interface SnapshotItem {
  /** Path in the file system; of a stream, its name. */
  readonly path: string
  readonly type: NodeType
  readonly action: 'new' | 'changed' | 'unmodified'
}

/** What to save, and how. */
export interface SnapshotOptions extends LongCall {
  /** Files and folders, absolute or relative to the working folder. A relative one is stored under its relative path, as restic does. */
  readonly paths?: readonly string[]
  /** Instead of `paths`: a stream. */
  readonly stream?: StreamSource
  readonly rules?: RuleOptions
  readonly tags?: readonly string[]
  /** Name of the machine; the platform's if left out. */
  readonly host?: string
  /** Moment that the snapshot stands for; now if left out. */
  readonly time?: Timestamp
  /** A sentence about the snapshot. */
  readonly description?: string
  /** Snapshot to compare with; the latest of the same group if left out; null for none. */
  readonly parent?: Id | null
  /** Host and paths if left out. */
  readonly groupBy?: ParentGrouping
  /** Read every file, whatever the parent says. */
  readonly force?: boolean
  /** Times of inode changes do not count as a change. */
  readonly ignoreCtime?: boolean
  /** Neither inode numbers nor times of inode changes count. */
  readonly ignoreInode?: boolean
  /** Do all the work, store nothing. The figures are those of a real run. */
  readonly dryRun?: boolean
  /** No snapshot when its tree would be the parent's. */
  readonly skipIfUnchanged?: boolean
  /** Keep times of last access; by default the time of modification stands for them, as in restic. */
  readonly withAtime?: boolean
  /** Keep sockets as entries; by default they are left out, as in restic. */
  readonly withSockets?: boolean
  /** Written into the snapshot as the program that made it. */
  readonly programVersion?: string
  /** Threads that read and seal; one a processor, at most 8, if left out. */
  readonly workers?: number
  /** Count the sources beforehand where no parent tells how much there is, so that progress has a total. */
  readonly estimate?: boolean
  /** When what is done is kept as a partial snapshot, which the next one goes on from; false for never. */
  readonly checkpoints?: CheckpointRule | false
  /** Do not lock the repository. */
  readonly noLock?: boolean
  /** Called for each entry that could not be saved, or changed while it was being read. */
  readonly onProblem?: (problem: Problem) => void
  /** Called for each file and folder when it has been dealt with. */
  readonly onItem?: (item: SnapshotItem) => void
  /** Called at most once a kind with something the user should know that is no failure. */
  readonly onNotice?: (text: string) => void
}

/** What a snapshot call did. */
export interface SnapshotResult {
  /** The snapshot; in a dry run without a name in the repository; undefined where it was skipped as unchanged. */
  readonly snapshot: StoredSnapshot | undefined
  readonly parent: Id | undefined
  /** Partial snapshots that it went on from, the latest first. */
  readonly resumed: readonly Id[]
  readonly summary: SnapshotSummary
  /** Entries that could not be saved or changed while being read. */
  readonly problems: number
  /** Nothing changed since the parent, and `skipIfUnchanged` was asked for. */
  readonly skipped: boolean
}
