import type { Measurement } from './measured-run.ts'

/** One cell of the table. */
export interface Result extends Measurement {
  readonly corpus: string
  readonly row: string
  readonly contestant: string
  /** Bytes in the repository after this row; undefined where it stores nothing. */
  readonly stored: number | undefined
}

/** The results as a Markdown table: a line a row and contestant, with the wall time relative to restic's. */
export function toMarkdown(results: readonly Result[]): string {
  const lines = [
    '| corpus | row | program | wall s | CPU s | memory MB | stored MB | time against restic |',
    '|---|---|---|---:|---:|---:|---:|---:|',
  ]
  for (const { corpus, row, contestant, wall, cpu, memory, stored } of results) {
    const restic = results.find(
      (other) => other.corpus === corpus && other.row === row && other.contestant === 'restic',
    )
    const ratio = restic === undefined ? '' : `${(wall / restic.wall).toFixed(2)}×`
    const megabytes = stored === undefined ? '' : (stored / 1e6).toFixed(0)
    lines.push(
      `| ${corpus} | ${row} | ${contestant} | ${wall.toFixed(2)} | ${cpu.toFixed(2)} | ${memory.toFixed(0)} | ${megabytes} | ${ratio} |`,
    )
  }
  return `${lines.join('\n')}\n`
}
