import { comparePaths } from '@varve/delta/entries'
import type { EntryTable } from '../scan/entry-table.ts'

/** How entries are compared. */
export interface ComparisonRules {
  /** Whether owners count, as they do where this process can set them. */
  readonly owners: boolean
  /** Whether equal sizes and times are not enough. */
  readonly checksum: boolean
  /** Rows of the source that cannot be in the mirror beside others. */
  readonly skipped: ReadonlySet<number>
  /** Whether nothing is known of a path of the source, so that what the mirror has there stays. */
  readonly isKept: (path: string) => boolean
}

/** What is to be found out of a file before it is known whether it changed. */
export type Doubt = 'none' | 'content' | 'hash'

/** A path at which something is to be done, or at least to be looked at. Rows are -1 where a table has no such path. */
export interface Change {
  readonly path: string
  /** Row of the source. */
  readonly source: number
  /** Row of the mirror. */
  readonly mirror: number
  /** Row of what the last run left in the mirror. */
  readonly known: number
  /** Whether the mirror has to be changed here. */
  readonly isMirrorBehind: boolean
  /** Whether what the mirror has there is what the last run left, as far as size and time tell. */
  readonly isKnown: boolean
  /** `content`: the source's content and the mirror's may differ though all else is the same. `hash`: they are the same, but no hash is known. */
  readonly doubt: Doubt
}

/** Tables of one run. */
export interface Tables {
  readonly source: EntryTable
  readonly mirror: EntryTable
  /** What the last run left. */
  readonly known: EntryTable
}

/** Finds out where source, mirror and what is known of the mirror differ, in the order of paths. What is kept is no change. */
export function* findChanges(tables: Tables, rules: ComparisonRules): Generator<Change, void> {
  const { source, mirror, known } = tables
  let [inSource, inMirror, inKnown] = [0, 0, 0]
  for (;;) {
    while (rules.skipped.has(inSource)) inSource++
    const a = source.path(inSource)
    const b = mirror.path(inMirror)
    const c = known.path(inKnown)
    // Nearly always all three are the same.
    const path = a === b && b === c ? a : first(first(a, b), c)
    if (path === undefined) return
    const rows = {
      source: a === path ? inSource++ : -1,
      mirror: b === path ? inMirror++ : -1,
      known: c === path ? inKnown++ : -1,
    }
    const change = compareRows(path, rows, tables, rules)
    if (change !== undefined) yield change
  }
}

function first(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return comparePaths(a, b) <= 0 ? a : b
}

type Rows = Pick<Change, 'source' | 'mirror' | 'known'>

function compareRows(path: string, rows: Rows, tables: Tables, rules: ComparisonRules): Change | undefined {
  const isKnown = rows.mirror >= 0 && rows.known >= 0 && isSameContent(tables, rows)
  if (rows.source < 0) {
    return rules.isKept(path) ? undefined : { path, ...rows, isMirrorBehind: rows.mirror >= 0, isKnown, doubt: 'none' }
  }
  const isMirrorBehind = rows.mirror < 0 || !isSameInMirror(tables, rows, rules)
  const doubt = isMirrorBehind ? 'none' : doubtOf(tables, rows, rules, isKnown)
  const isSettled = !isMirrorBehind && doubt === 'none' && rows.known >= 0
  if (isSettled && isKnown && isSameTracking(tables, rows)) return undefined
  return { path, ...rows, isMirrorBehind, isKnown, doubt }
}

function doubtOf({ source, known }: Tables, rows: Rows, rules: ComparisonRules, isKnown: boolean): Doubt {
  if (source.kind(rows.source) !== 'file') return 'none'
  if (!isKnown || rules.checksum || known.isDoubtful(rows.known)) return 'content'
  return source.isTracked(rows.source) && known.hash(rows.known) === undefined ? 'hash' : 'none'
}

/** Whether the mirror still holds what the last run left there. */
function isSameContent({ mirror, known }: Tables, rows: Rows): boolean {
  const kind = known.kind(rows.known)
  if (mirror.kind(rows.mirror) !== kind) return false
  if (kind === 'symlink') return mirror.target(rows.mirror) === known.target(rows.known)
  if (kind !== 'file') return kind === 'dir'
  return mirror.size(rows.mirror) === known.size(rows.known) && mirror.mtime(rows.mirror) === known.mtime(rows.known)
}

function isSameInMirror({ source, mirror }: Tables, rows: Rows, rules: ComparisonRules): boolean {
  const kind = source.kind(rows.source)
  if (mirror.kind(rows.mirror) !== kind || mirror.mtime(rows.mirror) !== source.mtime(rows.source)) return false
  if (mirror.mode(rows.mirror) !== source.mode(rows.source)) return false
  if (kind === 'file' && mirror.size(rows.mirror) !== source.size(rows.source)) return false
  if (kind === 'symlink' && mirror.target(rows.mirror) !== source.target(rows.source)) return false
  return !rules.owners || mirror.hasOwnerOf(rows.mirror, source, rows.source)
}

/** Whether the tracked tree stays as it was here: the mirror is as the source is. */
function isSameTracking({ source, known }: Tables, rows: Rows): boolean {
  return (
    source.isTracked(rows.source) === known.isTracked(rows.known) &&
    source.mode(rows.source) === known.mode(rows.known) &&
    source.mtime(rows.source) === known.mtime(rows.known)
  )
}
