import type { CorpusName } from './corpora/corpus.ts'
import type { Sizes } from './corpora.ts'
import { KEEPING_ROWS } from './rows/keeping.ts'
import { overheadRows } from './rows/overhead.ts'
import { RESTORING_ROWS } from './rows/restoring.ts'
import { ROW_NAMES, type Row, type RowName } from './rows/row.ts'
import { SAVING_ROWS } from './rows/saving.ts'

const SAVING = ['first', 'unchanged', 'changed', 'reread'] as const
const RESTORING = ['restore', 'in-place', 'in-place-by-time'] as const
const OVERHEAD = ['version', 'help', 'key', 'list', 'blobs'] as const

/** Which rows run on which corpus. */
const ROWS_OF: Readonly<Record<CorpusName, readonly RowName[]>> = {
  media: [...SAVING, ...RESTORING, 'check'],
  npm: [...SAVING, ...RESTORING, 'check', 'prune'],
  states: ['states', 'restore', 'check', 'prune'],
  image: [...SAVING, ...RESTORING, 'check'],
  tiny: ['first', 'unchanged', 'changed', 'check'],
  folder: ['first', 'unchanged', 'changed', 'restore', 'check'],
  overhead: OVERHEAD,
}

/** The same in a quick run: every row, and every corpus, but not each on each. */
const QUICK_ROWS_OF: Readonly<Record<CorpusName, readonly RowName[]>> = {
  media: ['first', 'reread', 'check'],
  npm: ['first', 'unchanged', 'restore', 'in-place', 'in-place-by-time'],
  states: ['states', 'prune'],
  image: ['first', 'changed'],
  tiny: ['first'],
  folder: ['first'],
  overhead: OVERHEAD,
}

/**
 * The rows of each corpus, in the order in which they run.
 * @param only - rows to choose from; all where undefined
 */
export function rowsOf(
  corpus: CorpusName,
  sizes: Sizes,
  isQuick: boolean,
  only: readonly RowName[] | undefined,
): readonly Row[] {
  const all = [...SAVING_ROWS, ...RESTORING_ROWS, ...KEEPING_ROWS, ...overheadRows(sizes.snapshots, sizes.blobs)]
  const wanted = (isQuick && only === undefined ? QUICK_ROWS_OF : ROWS_OF)[corpus]
  return all
    .filter(({ name }) => wanted.includes(name) && (only === undefined || only.includes(name)))
    .toSorted((a, b) => ROW_NAMES.indexOf(a.name) - ROW_NAMES.indexOf(b.name))
}
