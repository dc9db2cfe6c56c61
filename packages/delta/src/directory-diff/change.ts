import { isSameContent, isSameState, type EntryState } from '../directory-index/entry.ts'

/**
 * What happened at a path:
 *
 * - `created`, `deleted`: an entry is there that was not, or the other way round;
 * - `updated`: a file has other content, a symbolic link another target, a device another number;
 * - `metadata`: only permissions or times differ;
 * - `renamed`: a file has the content that a file at `source` had, which has it no more. There may have been something else at the path before;
 * - `moved`: a file is gone, and a `renamed` one has its content;
 * - `type`: an entry is of another kind than before: a folder became a file, and so on.
 */
export type ChangeKind = (typeof CHANGE_KINDS)[number]

/** All of {@link ChangeKind}. */
export const CHANGE_KINDS = ['created', 'updated', 'metadata', 'deleted', 'renamed', 'moved', 'type'] as const

/** The difference between two indexes at one path. */
export interface Change {
  /** As in `IndexEntry`. */
  readonly path: string
  /** Undefined where nothing was. */
  readonly before: EntryState | undefined
  /** Undefined where nothing is. */
  readonly after: EntryState | undefined
  /** Path at which a file with this content was before. Each source is that of one change. */
  readonly source: string | undefined
  /** Whether this path is the source of another change. */
  readonly isSource: boolean
}

/** What kind of change this is. */
export function changeKind({ before, after, source, isSource }: Change): ChangeKind {
  if (source !== undefined) return 'renamed'
  if (before === undefined) return 'created'
  if (after === undefined) return isSource ? 'moved' : 'deleted'
  if (before.type !== after.type) return 'type'
  return isSameContent(before, after) ? 'metadata' : 'updated'
}

/** Whether the content of a file has to come with an archive: it is new at this path and came from nowhere else. */
export function bringsContent({ before, after, source }: Change): boolean {
  return after?.type === 'file' && source === undefined && !(before !== undefined && isSameContent(before, after))
}

/** Whether a file's content leaves this path, so that it can be found elsewhere. */
export function givesContentUp({ before, after }: Pick<Change, 'before' | 'after'>): boolean {
  return before?.type === 'file' && !(after !== undefined && isSameContent(before, after))
}

/** Whether a file's content comes to this path. */
export function takesContent({ before, after }: Pick<Change, 'before' | 'after'>): boolean {
  return after?.type === 'file' && !(before !== undefined && isSameContent(before, after))
}

/** Whether an entry has to be made anew at this path, and what was there put away: all but folders that stay and mere metadata. */
export function replacesEntry({ before, after }: Pick<Change, 'before' | 'after'>): boolean {
  return before === undefined || after === undefined || !isSameContent(before, after)
}

/** Whether the two states at a path differ at all. */
export function isChange(before: EntryState | undefined, after: EntryState | undefined): boolean {
  if (before === undefined || after === undefined) return before !== after
  return !isSameState(before, after)
}
