/**
 * How fast a mirror is, beside `rsync -a`, `rsync -a --link-dest` and `rdiff-backup`, on the same folder in the same run: `node --conditions=varve-source bench/mirror.ts [runs] [folder] [source]`.
 * The source is made of tiny files unless one is named. Measured are the first run, one that finds nothing changed, and one after a hundredth of the files changed. Prints a table. Needs GNU
 * time; who is not installed does not take part.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { growTinyFiles } from './corpora/tiny-files.ts'
import { outputOf, requireMeasuring, run, type Measurement } from './measured-run.ts'
import { medianRun } from './median.ts'
import { emptyFolder } from './workplace.ts'

const FILES = 80_000
const MEBIBYTE = 1024 * 1024

/** Every so many files one is changed. */
const CHANGED_EVERY = 100

const SCRIPT = fileURLToPath(new URL('mirror-run.ts', import.meta.url))

const [runs = 3] = process.argv.slice(2, 3).map(Number)
const folder = mkdtempSync(join(process.argv[3] ?? tmpdir(), 'varve-mirror-bench-'))
const source = join(folder, 'source')

type Words = readonly [string, ...string[]]

interface Contestant {
  readonly name: string
  readonly program: string
  /** The command that brings a copy below `target` up to date: the first time, or again. */
  readonly argv: (target: string, isFirst: boolean) => Words
  /** What has to be done before a run that is not the first. */
  readonly before?: (target: string) => void
}

function varve(kind: 'tracked' | 'mirrored'): Contestant['argv'] {
  return (target) => [process.execPath, '--conditions=varve-source', SCRIPT, source, target, kind]
}

const CONTESTANTS: readonly Contestant[] = [
  {
    name: 'rsync -a --delete',
    program: 'rsync',
    argv: (target) => ['rsync', '-a', '--delete', `${source}/`, `${target}/mirror/`],
  },
  { name: 'varve, nothing tracked', program: process.execPath, argv: varve('mirrored') },
  {
    name: 'rsync -a --link-dest',
    program: 'rsync',
    argv: (target, isFirst) =>
      isFirst
        ? ['rsync', '-a', `${source}/`, `${target}/new/`]
        : ['rsync', '-a', `--link-dest=${target}/old/`, `${source}/`, `${target}/new/`],
    before: (target) => {
      rmSync(join(target, 'old'), { recursive: true, force: true })
      renameSync(join(target, 'new'), join(target, 'old'))
    },
  },
  { name: 'varve, all tracked', program: process.execPath, argv: varve('tracked') },
  {
    name: 'rdiff-backup',
    program: 'rdiff-backup',
    argv: (target) => ['rdiff-backup', 'backup', source, join(target, 'rdiff')],
  },
]

function filesBelow(path: string): string[] {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const place = join(path, entry.name)
    if (entry.isDirectory()) return filesBelow(place)
    return entry.isFile() ? [place] : []
  })
}

function changeSome(files: readonly string[], round: number): void {
  for (let i = round; i < files.length; i += CHANGED_EVERY) writeFileSync(files[i] ?? '', `changed in round ${round}\n`)
}

function makeSource(): void {
  const given = process.argv[4]
  if (given === undefined) {
    mkdirSync(source)
    growTinyFiles(source, 0, FILES)
  } else outputOf({ argv: ['cp', '-a', given, source] })
}

function row(name: string, what: string, measured: readonly Measurement[]): string {
  const { wall, cpu, memory } = medianRun(measured)
  const best = Math.min(...measured.map((each) => each.wall))
  const cells = [
    name.padEnd(24),
    what.padEnd(10),
    `${wall.toFixed(2)} s`.padStart(9),
    `${best.toFixed(2)} s`.padStart(9),
    `${cpu.toFixed(2)} s`.padStart(9),
    `${(memory / MEBIBYTE).toFixed(0)} MiB`.padStart(9),
  ]
  return `| ${cells.join(' | ')} |\n`
}

function isThere({ program }: Contestant): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0
}

requireMeasuring()
try {
  makeSource()
  const files = filesBelow(source).toSorted()
  const field = CONTESTANTS.filter(isThere)
  const measured = new Map<string, Measurement[]>()
  const measure = (contestant: Contestant, what: string, target: string): void => {
    if (what !== 'first') contestant.before?.(target)
    const key = `${contestant.name}\0${what}`
    measured.set(key, [...(measured.get(key) ?? []), run({ argv: contestant.argv(target, what === 'first') })])
  }
  for (let round = 0; round < runs; round++) {
    const targets = new Map(field.map((contestant, index) => [contestant, join(folder, `target-${index}`)]))
    for (const what of ['first', 'unchanged', 'changed']) {
      if (what === 'changed') changeSome(files, round)
      for (const [contestant, target] of targets) {
        if (what === 'first') emptyFolder(target)
        measure(contestant, what, target)
      }
    }
    for (const target of targets.values()) rmSync(target, { recursive: true })
  }
  process.stdout.write(
    `${files.length} files\n\n| who | run | median | best | processor | memory |\n| --- | --- | --: | --: | --: | --: |\n`,
  )
  for (const what of ['first', 'unchanged', 'changed']) {
    for (const { name } of field) process.stdout.write(row(name, what, measured.get(`${name}\0${what}`) ?? []))
  }
} finally {
  rmSync(folder, { recursive: true })
}
