import {
  encodeSnapshot,
  isPartial,
  ownTags,
  shortId,
  type SnapshotList,
  type SnapshotRow,
  sourceHost,
  timestampToNanoseconds,
} from '@varve/engine'
import { formatBytes } from '../format/format-bytes.ts'
import { formatTime } from '../format/format-time.ts'
import { type Column, formatTable, type Row } from './table.ts'

/** What `varve list` found. */
export interface ListOutcome extends SnapshotList {
  readonly compact: boolean
  /** The distinct size is what a prune of the snapshot alone would free. */
  readonly freed: boolean
}

/** What is shown for a size that is not known. */
const UNKNOWN = '?'

/** What is shown among the tags of a partial snapshot. */
const PARTIAL = '(partial)'

const ABOUT_PARTIAL = [
  '',
  `${PARTIAL} holds what an interrupted snapshot had saved until then. The next one of the same paths goes on`,
  'from there, and removes it.',
]

/** Snapshots for people: a table, or a sentence where there is nothing to show. */
export function listText({ rows, total, compact, freed }: ListOutcome): readonly string[] {
  if (rows.length === 0) return ['No snapshots found.']
  const columns: readonly Column[] = [
    { title: 'SNAPSHOT', align: 'left' },
    { title: 'ID', align: 'left' },
    { title: 'TIMESTAMP', align: 'left' },
    { title: 'SIZE', align: 'right' },
    { title: freed ? 'FREED' : 'DISTINCT SIZE', align: 'right' },
    { title: 'HOST', align: 'left' },
    { title: 'TAGS', align: 'left' },
    { title: 'PATHS', align: 'left' },
  ]
  const last: Row = [['TOTAL'], [], [], [sizeText(total)]]
  const shown = compact ? columns.slice(0, -1) : columns
  const lines = rows.map((row) => (compact ? compactCells(row) : cells(row)))
  const table = formatTable(shown, lines, last)
  return rows.some(({ snapshot }) => isPartial(snapshot)) ? [...table, ...ABOUT_PARTIAL] : table
}

function cells(row: SnapshotRow): Row {
  const { snapshot, number, size, distinctSize } = row
  const time = formatTime(Number(timestampToNanoseconds(snapshot.time) / 1_000_000n))
  const { paths, description } = snapshot
  return [
    [number === undefined ? UNKNOWN : String(number)],
    [shortId(snapshot.id)],
    [time],
    [sizeText(size)],
    [sizeText(distinctSize)],
    [sourceHost(snapshot)],
    isPartial(snapshot) ? [PARTIAL, ...ownTags(snapshot)] : ownTags(snapshot),
    description === undefined ? paths : [...paths, `“${description}”`],
  ]
}

function compactCells(row: SnapshotRow): Row {
  const all = cells(row).slice(0, -1)
  return all.map((lines, i) => (i === all.length - 1 ? [lines.join(',')] : lines))
}

function sizeText(bytes: number | undefined): string {
  return bytes === undefined ? UNKNOWN : formatBytes(bytes)
}

/** Snapshots for programs: one array, whose objects have the fields of restic's `snapshots --json`, and the sizes in bytes. */
export function listJson({ rows, freed }: ListOutcome): readonly unknown[] {
  return [
    rows.map(({ snapshot, number, size, distinctSize }) => {
      const { id, ...content } = snapshot
      const fields: unknown = JSON.parse(encodeSnapshot(content).toString('utf8'))
      return {
        ...(fields as object),
        id,
        short_id: shortId(id),
        number,
        ...(isPartial(snapshot) ? { partial: true } : {}),
        size,
        [freed ? 'freed_size' : 'distinct_size']: distinctSize,
      }
    }),
  ]
}
