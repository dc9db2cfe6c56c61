import { fastestPeer, sameRow, speed, type Result } from './result.ts'

const HEADER = [
  'program',
  'wall s',
  'CPU s',
  'memory MB',
  'stored MB',
  'read MB',
  'written MB',
  'fastest peer',
  'restic',
]

/** A heading and a table for each row of a corpus: a line a contestant, its speed as a multiple of the fastest peer's and of restic's. */
export function toMarkdown(results: readonly Result[]): string {
  const seen = new Set<string>()
  const tables: string[] = []
  for (const result of results) {
    const heading = `### ${result.corpus}: ${result.title}`
    if (seen.has(heading)) continue
    seen.add(heading)
    const lines = sameRow(result, results).map((each) => line(each, results))
    tables.push([heading, '', table(HEADER, lines), ...notes(result, results)].join('\n'))
  }
  return `${tables.join('\n\n')}\n`
}

/** A Markdown table; the first column is text, all others are numbers. */
export function table(header: readonly string[], lines: readonly (readonly string[])[]): string {
  const rule = header.map((_, column) => (column === 0 ? '---' : '---:'))
  return [header, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** Bytes in millions, with as many places as tell something. */
export function megabytes(bytes: number): string {
  const millions = bytes / 1e6
  return millions.toFixed(Math.abs(millions) < 10 ? 2 : 0)
}

function line(result: Result, results: readonly Result[]): readonly string[] {
  const { contestant, median, stored, runs } = result
  const fastest = fastestPeer(result, results)
  const restic = sameRow(result, results).find((other) => other.contestant === 'restic')
  return [
    contestant,
    seconds(median.wall) + spread(runs.map(({ wall }) => wall)),
    seconds(median.cpu),
    megabytes(median.memory),
    stored === undefined ? '' : megabytes(stored),
    megabytes(median.read),
    megabytes(median.written),
    multiple(result, fastest),
    multiple(result, restic),
  ]
}

/** The best and the worst run. */
function spread(walls: readonly number[]): string {
  return walls.length < 2 ? '' : ` (${seconds(Math.min(...walls))}–${seconds(Math.max(...walls))})`
}

function seconds(time: number): string {
  return time.toFixed(time < 1 ? 3 : 2)
}

function multiple(result: Result, other: Result | undefined): string {
  return other === undefined ? '' : `${speed(result, other).toFixed(2)}×`
}

function notes(result: Result, results: readonly Result[]): readonly string[] {
  const said = sameRow(result, results).filter(({ note }) => note !== undefined)
  return said.length === 0
    ? []
    : ['', `${said.map(({ contestant, note }) => `${contestant}: ${note ?? ''}`).join('. ')}.`]
}
