import type { LongCall, Problem } from '@varve/platform'
import type { Id } from '../../repository/id.ts'
import type { Snapshot, StoredSnapshot } from '../../repository/snapshot.ts'
import type { FileState } from '../change-detection.ts'

/** Where the content of a file lies, and the file as it was when somebody made sure of that. */
export interface LocatedFile {
  /** Absolute. */
  readonly path: string
  readonly state: FileState
}

/** The content of a file that is imported. */
export interface ImportedContent {
  /** Those with the same key are the same: one of them is read, and once. Undefined where nothing is known of the content. */
  readonly key: string | undefined
  /** Finds the content when it has to be read. What it throws says why that cannot be, and the snapshot is made without the file. */
  readonly locate: () => LocatedFile | Promise<LocatedFile>
}

interface CommonEntry {
  /** In the snapshot: absolute, with `/` between names. */
  readonly path: string
  /** Permissions as `chmod` takes them. */
  readonly mode: number
  /** Nanoseconds since 1970. */
  readonly mtime: bigint
  readonly uid: number
  readonly gid: number
}

/** An entry of a snapshot that somebody tells of, wherever it came from. */
export type ImportedEntry =
  | (CommonEntry & { readonly type: 'file'; readonly size: number; readonly content: ImportedContent })
  | (CommonEntry & { readonly type: 'dir' })
  | (CommonEntry & { readonly type: 'symlink'; readonly target: string })

/** What a snapshot that is imported says of itself. */
export type ImportedDescription = Pick<Snapshot, 'time' | 'paths'> &
  Partial<Pick<Snapshot, 'hostname' | 'tags' | 'description'>>

/** A snapshot whose entries are told, not looked for in a folder. */
export interface ImportedSnapshot {
  /**
   * Each path once, in any order. Folders that lead to entries and are not among them get the usual permissions, and the time of the snapshot.
   * Entries of a folder need no look at each other where they come in the order of their names' bytes.
   */
  readonly entries: Iterable<ImportedEntry>
  /** What it says of itself, with what could not be imported. */
  readonly describe: (problems: readonly Problem[]) => ImportedDescription
  /** Trees that are stored already: a snapshot with one of these is not. */
  readonly knownTrees?: ReadonlySet<Id> | undefined
}

/** How snapshots are imported. */
export interface ImportOptions extends LongCall {
  /** Do all the work, store nothing. */
  readonly dryRun?: boolean | undefined
  /** Threads that read and seal; one a processor, at most 8, if left out. */
  readonly workers?: number | undefined
  /** Milliseconds after which complete snapshots are stored though others are to come; a minute if left out. */
  readonly storeEvery?: number | undefined
  /** Do not lock the repository. */
  readonly noLock?: boolean | undefined
  /** Written into snapshots as the program that made them. */
  readonly programVersion?: string | undefined
  /** Called with each entry that cannot be imported; its path is that in the snapshot. */
  readonly onProblem?: ((problem: Problem) => void) | undefined
}

/** What became of one snapshot that was to be imported. */
export interface ImportedResult {
  /** As stored, in a dry run without a name in the repository; undefined where its tree was known. */
  readonly snapshot: StoredSnapshot | undefined
  readonly problems: readonly Problem[]
}
