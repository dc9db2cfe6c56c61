import type { Problem } from '@varve/platform'
import type { EntryTable } from '../scan/entry-table.ts'

/** Rows that cannot lie beside others, and what to say of them. */
export interface FoldingNames {
  /** Rows, with all that is below them. */
  readonly rows: ReadonlySet<number>
  readonly problems: readonly Problem[]
}

/**
 * Finds entries whose paths a file system takes for those of other entries before them: ones that differ only in case, or in how accents are composed. Putting both there would
 * overwrite one with the other.
 */
export function findFoldingNames(table: EntryTable): FoldingNames {
  const rows = new Set<number>()
  const problems: Problem[] = []
  const seen = new Map<string, string>()
  let below: string | undefined
  for (const [row, path] of table.paths.entries()) {
    if (below !== undefined && path.startsWith(below)) {
      rows.add(row)
      continue
    }
    const folded = path.normalize('NFC').toLowerCase()
    const other = seen.get(folded)
    if (other === undefined) {
      seen.set(folded, path)
      continue
    }
    rows.add(row)
    below = `${path}/`
    problems.push({ path, message: `the destination takes its name for that of '${other}': it was left out` })
  }
  return { rows, problems }
}
