import type { TrackedEntry } from '../increment/tree-digest.ts'
import { type EntryTable, trackedStateOf } from './entry-table.ts'

/** Everything of which increments keep the history, in the order of paths. The folder itself, whose path is empty, is none of it. */
export function* trackedEntries(table: EntryTable): Generator<TrackedEntry, void> {
  for (let row = 0; row < table.length; row++) {
    const path = table.path(row)
    if (path === undefined || path === '' || !table.isTracked(row)) continue
    yield { path, state: trackedStateOf(table.row(row)) }
  }
}
