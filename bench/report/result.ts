import { CORPUS_NAMES, type CorpusName } from '../corpora/corpus.ts'
import type { Contestant } from '../contestants/contestant.ts'
import type { Measurement } from '../measured-run.ts'
import { ROW_NAMES, type RowName } from '../rows/row.ts'

/** What one contestant took for one row on one corpus. */
export interface Result {
  readonly corpus: CorpusName
  readonly row: RowName
  readonly title: string
  readonly contestant: string
  readonly kind: Contestant['kind']
  readonly median: Measurement
  /** Bytes by which the repository grew in a run, median; undefined where the row stores nothing. */
  readonly stored: number | undefined
  readonly note: string | undefined
  readonly runs: readonly Measurement[]
}

/** In the order in which one run of all corpora and rows would have them. */
export function inOrder(results: readonly Result[]): readonly Result[] {
  return results.toSorted(
    (a, b) =>
      CORPUS_NAMES.indexOf(a.corpus) - CORPUS_NAMES.indexOf(b.corpus) ||
      ROW_NAMES.indexOf(a.row) - ROW_NAMES.indexOf(b.row),
  )
}

/** The peer that took the least time for the row of a result; undefined where none took part. */
export function fastestPeer(result: Result, results: readonly Result[]): Result | undefined {
  return sameRow(result, results)
    .filter(({ kind }) => kind === 'peer')
    .toSorted((a, b) => a.median.wall - b.median.wall)[0]
}

/** Results of the same row on the same corpus. */
export function sameRow({ corpus, row }: Result, results: readonly Result[]): readonly Result[] {
  return results.filter((other) => other.corpus === corpus && other.row === row)
}

/** How many times as fast a result is as another: 2 where it took half the time. */
export function speed(result: Result, other: Result): number {
  return other.median.wall / result.median.wall
}
