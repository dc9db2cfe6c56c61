import { comparePaths, isSameState } from '@varve/delta/entries'
import type { CatalogueEntry, TrackedState } from '../increment/increment.ts'
import { type EntryRow, EntryTable, EntryTableBuilder } from '../scan/entry-table.ts'
import { trackedEntries } from '../scan/tracked-entries.ts'
import type { RunPlan } from './plan.ts'

/**
 * What the mirror will hold when a plan is carried out.
 *
 * @param copied - files as they were read; those missing here that the plan copies could not be read, and stay as they are
 */
export function nextTable(plan: RunPlan, copied: ReadonlyMap<string, EntryRow>): EntryTable {
  const { source, known } = plan.tables
  const changes = new Map(plan.changes.map((change) => [change.path, change]))
  const builder = new EntryTableBuilder(true)
  let [inSource, inKnown] = [0, 0]
  for (;;) {
    while (plan.skipped.has(inSource)) inSource++
    const a = source.path(inSource)
    const b = known.path(inKnown)
    if (a === undefined && b === undefined) return new EntryTable(builder.finish())
    const order = a === undefined ? 1 : b === undefined ? -1 : comparePaths(a, b)
    const old = order >= 0 ? inKnown++ : undefined
    if (order > 0) {
      if (b !== undefined && old !== undefined && plan.kept.has(b)) builder.add(b, known.row(old))
      continue
    }
    const path = a ?? ''
    const row = source.row(inSource++)
    const change = changes.get(path)
    if (change?.copies === true) {
      const next = copied.get(path) ?? (old === undefined ? undefined : known.row(old))
      if (next !== undefined) builder.add(path, next)
    } else {
      const hash = row.tracked && old !== undefined ? known.hash(old) : undefined
      builder.add(path, change?.verified ?? { ...row, hash })
    }
  }
}

/** Where the tracked trees of two tables differ, in the order of paths. */
export function trackedChanges(before: EntryTable, after: EntryTable): readonly CatalogueEntry[] {
  const entries: CatalogueEntry[] = []
  const old = trackedEntries(before)
  const young = trackedEntries(after)
  let a = old.next().value
  let b = young.next().value
  while (a !== undefined || b !== undefined) {
    const order = a === undefined ? 1 : b === undefined ? -1 : comparePaths(a.path, b.path)
    const path = (order <= 0 ? a?.path : b?.path) ?? ''
    const entry = { path, before: order <= 0 ? a?.state : undefined, after: order >= 0 ? b?.state : undefined }
    if (!isSame(entry.before, entry.after)) entries.push(entry)
    if (order <= 0) a = old.next().value
    if (order >= 0) b = young.next().value
  }
  return entries
}

function isSame(a: TrackedState | undefined, b: TrackedState | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return isSameState(a, b)
}
