/**
 * Measures Varve beside its peers on the same input, in one run: `npm run bench`, or `npm run bench -- --quick` for small inputs.
 * `npm run bench -- --help` tells the options, README.md what is measured.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { contestants } from './contestants.ts'
import type { Contestant } from './contestants/contestant.ts'
import type { Corpus } from './corpora/corpus.ts'
import { corpora } from './corpora.ts'
import { installVarve } from './installation.ts'
import { requireMeasuring } from './measured-run.ts'
import { measureRow } from './measure-row.ts'
import { parseOptions, USAGE, type Options } from './options.ts'
import { Race } from './race.ts'
import { describeMachine, readReport, writeReport, writeText } from './report.ts'
import { toMarkdown } from './report/markdown.ts'
import { addToReport, type Report } from './report/report.ts'
import type { Result } from './report/result.ts'
import { rowsOf } from './rows.ts'
import type { Row } from './rows/row.ts'
import { measureSeries } from './series.ts'
import { growths } from './series/growths.ts'
import { seriesToMarkdown, type SeriesStep } from './series/series-table.ts'
import { claimWorkplace, emptyFolder, requireSpace, retire } from './workplace.ts'

/** Of a corpus' size: the source, and what is restored from it. */
const SOURCE_AND_TARGET = 2
/** What a compressed repository takes of that at most, with some room. */
const REPOSITORY = 0.75

try {
  const options = parseOptions(process.argv.slice(2))
  if (options === 'help') process.stdout.write(USAGE)
  else await bench(options)
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? describe(error) : String(error)}\n`)
  process.exitCode = 1
}

async function bench(options: Options): Promise<void> {
  requireMeasuring()
  const start = performance.now()
  const work = claimWorkplace(options.root)
  try {
    say('packing and installing Varve')
    const program = installVarve(join(work, 'installed'), options.isQuick)
    const field = contestants(join(work, 'race'), program, options.only)
    process.stdout.write(`${describeMachine()}\n`)
    for (const { name, version } of field) process.stdout.write(`${name} ${version}\n`)
    if (options.isSeries) await runSeries(options, field, join(work, 'race'))
    else await runRows(options, field, join(work, 'race'), join(work, 'retired'))
  } finally {
    say('cleaning up')
    rmSync(work, { recursive: true, force: true })
    say('')
  }
  process.stdout.write(`\nThis took ${((performance.now() - start) / 1000).toFixed(0)} seconds.\n`)
}

async function runRows(options: Options, field: readonly Contestant[], place: string, retired: string): Promise<void> {
  const name = options.isQuick ? 'quick' : 'bench'
  const earlier = options.adds ? readReport(name) : undefined
  const results: Result[] = []
  const titles: Record<string, string> = {}
  const all = corpora(options.root, options.sizes, options.isQuick)
  for (const corpus of options.corpora.map((name) => all[name])) {
    const rows = rowsOf(corpus.name, options.sizes, options.isQuick, options.rows)
    if (rows.length === 0) continue
    const racing = field.filter(({ kind }) => kind !== 'yardstick' || corpus.hasYardsticks)
    requireSpace(options.root, spaceFor(corpus, racing, rows, options.runs), `'${corpus.title}'`)
    say(`making ${corpus.title}`)
    titles[corpus.name] = corpus.title
    emptyFolder(place)
    const race = new Race(corpus, racing, place, options.isQuick ? 'cheap' : 'usual')
    for (const row of rows) {
      // A quick run is to show that everything works.
      const turns = options.isQuick ? options.runs : options.runs * (row.repeats ?? 1)
      const measured = await measureRow(row, race, turns, {
        onRun: ({ name }, turn) => say(`${corpus.name}: ${row.title}: ${name}, run ${turn} of ${turns}`),
        onFailure: ({ name }, error) => {
          say('')
          process.stdout.write(`\n${name} is left out of '${row.title}':\n${String(error)}\n`)
        },
      })
      results.push(...measured)
      say('')
      process.stdout.write(`\n${toMarkdown(measured)}`)
      // After each row: what has been measured is not lost when a later one fails.
      const report: Report = {
        machine: describeMachine(),
        contestants: versionsOf(field),
        runs: options.runs,
        corpora: titles,
        results,
      }
      writeReport(name, earlier === undefined ? report : addToReport(earlier, report))
    }
    if (corpus.hasManyFiles) retire(place, retired)
    else emptyFolder(place)
  }
}

async function runSeries(options: Options, field: readonly Contestant[], place: string): Promise<void> {
  // By default Varve alone: to a million files it takes a while.
  const taking = field.filter(
    ({ kind, commands }) => (options.only !== undefined || kind === 'varve') && commands.snapshotAgain !== undefined,
  )
  const steps: SeriesStep[] = []
  for (const growth of growths(options.sizes)) {
    emptyFolder(place)
    say(`doubling ${growth.unit}`)
    await measureSeries(growth, taking, place, options.runs, (step) => {
      steps.push(step)
      say('')
      const own = steps.filter(({ contestant, unit }) => contestant === step.contestant && unit === step.unit)
      process.stdout.write(`\n${seriesToMarkdown(own)}`)
      // After each step: the last ones take long, and may be too much for a disk.
      writeText('series.md', `${describeMachine()}\n\n${seriesToMarkdown(steps)}`)
      writeText('series.json', JSON.stringify({ machine: describeMachine(), steps }, null, 2))
      say(`doubling ${growth.unit}`)
    })
  }
}

function versionsOf(field: readonly Contestant[]): Report['contestants'] {
  return field.map(({ name, version }) => ({ name, version }))
}

/** Bytes for the source, a restored copy, what each contestant keeps, and copies that stay until the benchmark ends. */
function spaceFor(corpus: Corpus, field: readonly Contestant[], rows: readonly Row[], runs: number): number {
  const kept = field.map(({ kind }) => (kind === 'yardstick' ? 1 : REPOSITORY))
  const retired = corpus.hasManyFiles && rows.some(({ name }) => name === 'restore') ? field.length * runs : 0
  return corpus.bytes * kept.reduce((sum, share) => sum + share, SOURCE_AND_TARGET + retired)
}

/** Says on the terminal what is being done. */
function say(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`)
  else if (text !== '') process.stderr.write(`${text}\n`)
}

function describe(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
