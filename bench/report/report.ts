import type { Contestant } from '../contestants/contestant.ts'
import { inOrder, type Result } from './result.ts'

/** What was measured, on what. */
export interface Report {
  /** In one line. */
  readonly machine: string
  readonly contestants: readonly Pick<Contestant, 'name' | 'version'>[]
  /** Of each row. */
  readonly runs: number
  /** What the corpora are, by name. */
  readonly corpora: Readonly<Record<string, string>>
  readonly results: readonly Result[]
}

/**
 * One report of two: rows that the later one measured replace the earlier one's.
 * @throws Error where the two cannot stand beside each other
 */
export function addToReport(earlier: Report, later: Report): Report {
  if (earlier.machine !== later.machine)
    throw new Error(`the results to add to are of another machine: ${earlier.machine}`)
  const others = earlier.contestants.filter(({ name }) => later.contestants.every((each) => each.name !== name))
  const changed = earlier.contestants.find(({ name, version }) =>
    later.contestants.some((each) => each.name === name && each.version !== version),
  )
  if (changed !== undefined) throw new Error(`the results to add to are of ${changed.name} ${changed.version}`)
  const isReplaced = (old: Result): boolean =>
    later.results.some(({ corpus, row }) => corpus === old.corpus && row === old.row) ||
    (later.corpora[old.corpus] ?? earlier.corpora[old.corpus]) !== earlier.corpora[old.corpus]
  return {
    machine: later.machine,
    contestants: [...later.contestants, ...others],
    runs: Math.min(earlier.runs, later.runs),
    corpora: { ...earlier.corpora, ...later.corpora },
    results: inOrder([...earlier.results.filter((old) => !isReplaced(old)), ...later.results]),
  }
}
