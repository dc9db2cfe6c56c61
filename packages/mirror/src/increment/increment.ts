import type { FileState, FolderState, LinkState } from '@varve/delta'

/** What a mirror keeps of an entry. Hashes are of the content; permissions and times are the source's. */
export type TrackedState = FileState | FolderState | LinkState

/** One path that differs between the tracked tree before an increment and after it. */
export interface CatalogueEntry {
  /** Relative to the source, with `/` between names; a name's bytes that are not UTF-8 stand as lone surrogates. */
  readonly path: string
  /** What was there; undefined where the path is new. */
  readonly before: TrackedState | undefined
  /** What is there; undefined where the path went. */
  readonly after: TrackedState | undefined
  /** That somebody deleted the file's content from this increment; absent otherwise. What was there is known all the same. */
  readonly isContentDeleted?: true
}

/**
 * What changed in the tracked tree in one run, and when. New and changed content lies in `track/`, the last content of files that went in
 * `deleted/`, both under the entries' own paths. Symbolic links, and folders that the catalogue names, may lie there too: then `recreate` finds them again.
 *
 * An increment tells the states on both sides of each change. So the tree as of an increment follows from those before it, and as well from the mirror
 * and those after it: no single one has to be there.
 */
export interface Increment {
  /** `backup_YYYYMMDD_HHMMSS`, local time; `backup_YYYYMMDD_HHMMSS_2` and so on for more in the same second. */
  readonly name: string
  /** When the run began. */
  readonly time: Date
  /** Name of the increment before, as far as the run knew one. */
  readonly previous: string | undefined
  /** Absolute path of the source. */
  readonly source: string
  /** Digest of the whole tracked tree after this increment; undefined in metadata that the original program or `recreate` made. */
  readonly digest: string | undefined
  /**
   * When `recreate` rebuilt the metadata from the files alone; absent where it is a run's own. Rebuilt metadata knows the states before only of what went:
   * `before` of all else is undefined and says nothing.
   */
  readonly recreatedAt?: Date
  /** In the order of paths (`comparePaths` of `@varve/delta`). */
  readonly entries: readonly CatalogueEntry[]
}
