import { padEnd, padStart, textWidth } from '../terminal/text-width.ts'
import { escapeText } from '../terminal/escape-text.ts'

/** A column of a table. */
export interface Column {
  readonly title: string
  /** Numbers stand to the right. */
  readonly align: 'left' | 'right'
}

/** A row: for each column, its lines. */
export type Row = readonly (readonly string[])[]

const GAP = '  '

/**
 * A table for people: titles, a rule, the rows, a rule, the last row. Columns are as wide as what is in them.
 *
 * @param last - the row below the second rule
 */
export function formatTable(columns: readonly Column[], rows: readonly Row[], last: Row): readonly string[] {
  const safe = (row: Row): Row => row.map((lines) => lines.map(escapeText))
  const all = [columns.map(({ title }) => [title]), ...rows.map(safe), safe(last)]
  const widths = columns.map((_, i) => all.reduce((most, row) => Math.max(most, ...(row[i] ?? []).map(textWidth)), 0))
  const format = (row: Row): readonly string[] => {
    const height = Math.max(1, ...row.map((lines) => lines.length))
    return Array.from({ length: height }, (_, line) =>
      columns
        .map(({ align }, i) => (align === 'right' ? padStart : padEnd)(row[i]?.[line] ?? '', widths[i] ?? 0))
        .join(GAP)
        .trimEnd(),
    )
  }
  const [head = [], ...body] = all
  const rule = '-'.repeat(widths.reduce((sum, width) => sum + width, 0) + GAP.length * (columns.length - 1))
  return [...format(head), rule, ...body.slice(0, -1).flatMap(format), rule, ...body.slice(-1).flatMap(format)]
}
