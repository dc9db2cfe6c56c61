/**
 * Measures Varve beside its peers on the same input, in one run: `npm run bench`, or `npm run bench -- --quick` for small inputs.
 * Options: --runs N (3), --root DIR (a folder for corpora and repositories; kept), --only NAME[,NAME] (contestants).
 */
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { contestants, type Contestant } from './contestants.ts'
import { filesCorpus, mediaCorpus, type Corpus } from './corpora.ts'
import { median, run, type Command, type Measurement } from './measured-run.ts'
import { toMarkdown, type Result } from './report.ts'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    runs: { type: 'string', default: '3' },
    root: { type: 'string', default: join(tmpdir(), 'varve-bench') },
    only: { type: 'string' },
  },
})
const runs = options.quick ? 1 : Number(options.runs)
const work = join(options.root, 'work')

/** A thing to do, with what must be so before each run. */
interface Row {
  readonly name: string
  readonly before?: (contestant: Contestant) => void
  readonly command: (contestant: Contestant, corpus: Corpus) => Command
  readonly stores: boolean
}

const target = (contestant: Contestant): string => join(work, `restored-${contestant.name.replaceAll(/\W+/g, '-')}`)

const ROWS: readonly Row[] = [
  {
    name: 'first snapshot',
    before: emptyRepository,
    command: ({ snapshot }, { folder }) => snapshot(folder),
    stores: true,
  },
  { name: 'unchanged', command: ({ snapshot }, { folder }) => snapshot(folder), stores: false },
  { name: 'read everything again', command: ({ force }, { folder }) => force(folder), stores: false },
  {
    name: 'restore',
    before: emptyTarget,
    command: (contestant) => contestant.restore(target(contestant)),
    stores: false,
  },
  { name: 'check --read-data', command: ({ checkData }) => checkData, stores: false },
]

function emptyRepository({ repository, init }: Contestant): void {
  for (const ending of ['', '-wal', '-shm', '-cache', '-base'])
    rmSync(repository + ending, { recursive: true, force: true })
  run(init)
}

function emptyTarget(contestant: Contestant): void {
  rmSync(target(contestant), { recursive: true, force: true })
}

function sizeOf(path: string): number {
  const stats = statSync(path)
  if (!stats.isDirectory()) return stats.size
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
}

function measureRow(row: Row, corpus: Corpus, field: readonly Contestant[]): Result[] {
  const measured = new Map<Contestant, Measurement[]>(field.map((contestant) => [contestant, []]))
  // In turn, so that a machine whose speed drifts is equally fair to all.
  for (let turn = 0; turn < runs; turn++) {
    for (const [contestant, list] of measured) {
      row.before?.(contestant)
      list.push(run(row.command(contestant, corpus)))
    }
  }
  return [...measured].map(([contestant, list]) => ({
    corpus: corpus.name,
    row: row.name,
    contestant: contestant.name,
    stored: row.stores ? sizeOf(contestant.repository) : undefined,
    ...median(list),
  }))
}

mkdirSync(options.root, { recursive: true })
const corpora = [mediaCorpus(options.root, options.quick ? 64 : 2048), filesCorpus(options.root, options.quick)]
const results: Result[] = []
for (const corpus of corpora) {
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work)
  const wanted = options.only?.split(',')
  const field = contestants(work).filter(
    ({ name }) => wanted === undefined || wanted.some((part) => name.includes(part)),
  )
  for (const row of ROWS) {
    const measured = measureRow(row, corpus, field)
    results.push(...measured)
    process.stdout.write(toMarkdown(measured))
  }
}
rmSync(work, { recursive: true, force: true })

const machine = `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}, median of ${runs}`
const report = `${machine}\n\n${toMarkdown(results)}`
const folder = join(import.meta.dirname, 'results')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'bench.md'), report)
writeFileSync(join(folder, 'bench.json'), JSON.stringify({ machine, results }, null, 2))
process.stdout.write(`\n${report}`)
