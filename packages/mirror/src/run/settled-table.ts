import { comparePaths } from '@varve/delta/entries'
import type { BigIntStats } from 'node:fs'
import { type EntryRow, EntryTable, EntryTableBuilder } from '../scan/entry-table.ts'

/**
 * What is known of a mirror after an interrupted run, which may have changed it in part.
 *
 * @param old - what was known before
 * @param pending - what it was to hold
 * @param isPublished - whether an increment was published, and so everything tracked is as it was to be
 * @param stat - looks at a path of the mirror
 */
export function settledTable(
  old: EntryTable,
  pending: EntryTable,
  isPublished: boolean,
  stat: (path: string) => BigIntStats | undefined,
): EntryTable {
  const builder = new EntryTableBuilder(true)
  let [a, b] = [0, 0]
  for (;;) {
    const [left, right] = [old.path(a), pending.path(b)]
    const path = left === undefined || (right !== undefined && comparePaths(right, left) < 0) ? right : left
    if (path === undefined) return new EntryTable(builder.finish())
    const before = left === path ? old.row(a++) : undefined
    const after = right === path ? pending.row(b++) : undefined
    const row = settledRow(before, after, isPublished, () => stat(path))
    if (row !== undefined) builder.add(path, row)
  }
}

function settledRow(
  before: EntryRow | undefined,
  after: EntryRow | undefined,
  isPublished: boolean,
  stat: () => BigIntStats | undefined,
): EntryRow | undefined {
  // Tracked entries change with an increment, or not at all.
  if (after?.tracked === true || before?.tracked === true) return isPublished ? after : before
  if (after === undefined || (before !== undefined && isAlike(before, after))) return before
  const stats = stat()
  return stats !== undefined && describes(after, stats) ? after : before
}

function isAlike(a: EntryRow, b: EntryRow): boolean {
  return a.kind === b.kind && a.size === b.size && a.mtime === b.mtime && a.target === b.target
}

function describes(row: EntryRow, stats: BigIntStats): boolean {
  if (row.kind === 'dir') return stats.isDirectory()
  if (row.mtime !== stats.mtimeNs) return false
  return row.kind === 'symlink' ? stats.isSymbolicLink() : stats.isFile() && BigInt(row.size) === stats.size
}
