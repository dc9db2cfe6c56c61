/**
 * How fast the increments of a mirror are searched, with the start of the process: `node --conditions=varve-source bench/mirror-search.ts [files] [increments] [runs] [folder]`.
 * The metadata is that of a history in which each increment has as many files as the others. Prints a table. Needs GNU time.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { encodeIncrement } from '../packages/mirror/src/increment/encode-increment.ts'
import type { CatalogueEntry } from '../packages/mirror/src/increment/increment.ts'
import { newIncrementName } from '../packages/mirror/src/increment/increment-name.ts'
import { requireMeasuring, run, type Measurement } from './measured-run.ts'
import { medianRun } from './median.ts'

const VARVE = fileURLToPath(new URL('../packages/cli/bin/varve.js', import.meta.url))
const EXTENSIONS = ['ts', 'md', 'py', 'png', 'json', 'txt', 'css', 'pdf']
const DAY = 24 * 60 * 60 * 1000

const [files = 100_000, increments = 200, runs = 5] = process.argv.slice(2, 5).map(Number)
const folder = mkdtempSync(join(process.argv[5] ?? tmpdir(), 'varve-mirror-search-'))

function entry(number: number, time: Date): CatalogueEntry {
  const extension = EXTENSIONS[number % EXTENSIONS.length] ?? ''
  const path = `projects/project-${number % 97}/source/part-${number % 1009}/file-${number}.${extension}`
  const hash = number.toString(16).padStart(64, '0')
  const mtime = BigInt(time.getTime()) * 1_000_000n + BigInt(number)
  return {
    path,
    before: undefined,
    after: { type: 'file', mode: 0o644, mtime, size: (number * 7919) % 5_000_000, hash },
  }
}

/** Writes the metadata of all increments. @returns its bytes */
function makeIncrements(): number {
  const names: string[] = []
  const each = Math.ceil(files / increments)
  let bytes = 0
  for (let i = 0; i < increments; i++) {
    const time = new Date(2026, 0, 1, 12).getTime() + i * DAY
    const name = newIncrementName(names, new Date(time))
    const count = Math.min(each, files - i * each)
    const entries = Array.from({ length: count }, (_, number) => entry(i * each + number, new Date(time)))
    entries.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))
    const metadata = join(folder, name, `${name}.json`)
    mkdirSync(join(folder, name))
    const previous = names.at(-1)
    writeFileSync(
      metadata,
      encodeIncrement({ name, time: new Date(time), previous, source: '/source', digest: undefined, entries }),
    )
    bytes += statSync(metadata).size
    names.push(name)
  }
  return bytes
}

function search(...words: readonly string[]): Measurement {
  const argv = ['--conditions=varve-source', VARVE, 'mirror', 'search', folder, ...words] as const
  return run({ argv: [process.execPath, ...argv] })
}

function row(what: string, measurements: readonly Measurement[]): string {
  const { wall, memory } = medianRun(measurements)
  return `| ${what} | ${wall.toFixed(2)} | ${Math.round(memory / 1e6)} |`
}

requireMeasuring()
try {
  const bytes = makeIncrements()
  const repeat = (...words: readonly string[]): readonly Measurement[] =>
    Array.from({ length: runs }, () => search(...words))
  const withoutIndex = Array.from({ length: runs }, () => {
    rmSync(join(folder, '.varve-mirror'), { recursive: true, force: true })
    return search('--mask', 'file-99999.*')
  })
  process.stdout.write(
    `${[
      `${files} files in ${increments} increments, ${Math.round(bytes / 1e6)} MB of metadata; median of ${runs}, each a process of its own`,
      '',
      '| search | s | memory MB |',
      '| --- | ---: | ---: |',
      row('the first, which makes the index', withoutIndex),
      row('a name', repeat('--mask', 'file-99999.*')),
      row(
        'a part of the path, a size and a time',
        repeat('--mask', 'part-1', '--size', '>4M', '--time', '>2026-03-01'),
      ),
      row('two masks that 25,000 files match', repeat('--mask', '*.py', '--mask', '*.md')),
    ].join('\n')}\n`,
  )
} finally {
  rmSync(folder, { recursive: true, force: true })
}
