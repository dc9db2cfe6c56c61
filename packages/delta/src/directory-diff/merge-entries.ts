import type { IndexEntry } from '../directory-index/entry.ts'
import { EntryCursor } from '../directory-index/entry-cursor.ts'
import { comparePaths } from '../directory-index/entry-path.ts'

/** What two indexes have at one path: at least one of them has something. */
export interface EntryPair {
  readonly path: string
  readonly before: IndexEntry | undefined
  readonly after: IndexEntry | undefined
}

/** Goes through two indexes side by side, both in order. */
export async function* mergeEntries(
  older: AsyncIterable<IndexEntry>,
  newer: AsyncIterable<IndexEntry>,
): AsyncGenerator<EntryPair> {
  const left = new EntryCursor(older)
  const right = new EntryCursor(newer)
  try {
    for (;;) {
      const before = await left.current()
      const after = await right.current()
      if (before === undefined && after === undefined) return
      const order = before === undefined ? 1 : after === undefined ? -1 : comparePaths(before.path, after.path)
      if (before !== undefined && order <= 0) await left.advance()
      if (after !== undefined && order >= 0) await right.advance()
      if (before !== undefined && order < 0) yield { path: before.path, before, after: undefined }
      else if (after !== undefined) yield { path: after.path, before: order === 0 ? before : undefined, after }
    }
  } finally {
    await left.close()
    await right.close()
  }
}
