import { linkSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createRepository, createStorage } from '@varve/engine'
import { currentPlatform } from '@varve/platform'
import { describe, expect, test } from 'vitest'
import { lookAround } from '../../../delta/test/directory-index/trees.ts'
import { noRestic, Restic } from '../../../engine/test/oracle/restic.ts'
import { validateIncrement } from '../../src/history/validate.ts'
import { listIncrements } from '../../src/increment/list-increments.ts'
import { importMirror } from '../../src/repository/import-mirror.ts'
import { runMirror } from '../../src/run/run-mirror.ts'
import { searchIncrements } from '../../src/search/search.ts'
import { NO_RULES } from '../../src/selection/selection-rules.ts'
import { memoryFolder } from '../run/scene.ts'
import { differences, hasRsync } from './rsync.ts'

const SOURCE = '/home/somebody/Documents'
/** Seconds, as the original writes them: of 2026-01-01, and a bit. */
const MTIME = 1_767_225_600.25

type Files = Readonly<Record<string, string>>

/** What one run of the original left. */
interface OriginalRun {
  readonly stamp: string
  readonly track: Files
  readonly deleted: Files
  /** As one of its generations writes it. */
  readonly metadata: (run: OriginalRun) => unknown
}

/** As it was described at first. */
function firstGeneration({ stamp, track, deleted }: OriginalRun): unknown {
  const list = (files: Files, category: string): unknown =>
    Object.entries(files).map(([path, { length: size }]) => ({
      path,
      size,
      mtime: MTIME,
      backup_location: `backup_${stamp}/${category}/${path}`,
    }))
  return {
    backup_info: { timestamp: stamp, source: '~/Documents', destination: '~/Backups' },
    statistics: { new_changed_count: Object.keys(track).length, deleted_count: Object.keys(deleted).length },
    files: { new_changed: list(track, 'track'), deleted: list(deleted, 'deleted') },
  }
}

/** As it became. */
function secondGeneration({ stamp, track, deleted }: OriginalRun): Record<string, unknown> {
  return {
    version: '1.0',
    backup_type: 'incremental',
    backup_timestamp: stamp,
    file_catalog: Object.fromEntries([...catalogued(track, 'track'), ...catalogued(deleted, 'deleted')]),
    summary: { total_files: Object.keys(track).length + Object.keys(deleted).length },
    statistics: { tracked: Object.keys(track).length, deleted: Object.keys(deleted).length },
  }
}

function catalogued(files: Files, category: string): readonly (readonly [string, unknown])[] {
  const times = { mtime: MTIME, mtime_iso: '2026-01-01T00:00:00.250000', mtime_date: '2026-01-01' }
  return Object.entries(files).map(([path, { length: size }]) => [
    path,
    { size, ...times, category, backup_path: `${category}/${path}` },
  ])
}

/** As its `recreate` made it of the files. */
function recreated(run: OriginalRun): unknown {
  return { ...secondGeneration(run), recreated: true, recreated_at: '2026-02-01T10:00:00.000000' }
}

const RUNS: readonly OriginalRun[] = [
  {
    stamp: '20260101_120000',
    track: { 'projects/a.md': 'first', 'projects/b.txt': 'b', 'projects/$(x)\n"\'.md': 'strange' },
    deleted: {},
    metadata: firstGeneration,
  },
  {
    stamp: '20260102_130000',
    track: { 'projects/a.md': 'second' },
    deleted: { 'projects/b.txt': 'b' },
    metadata: secondGeneration,
  },
  { stamp: '20260103_140000', track: { 'projects/sub/c.md': 'c' }, deleted: {}, metadata: recreated },
]

/** What was tracked after each run. */
const STATES: readonly Files[] = [
  { 'projects/a.md': 'first', 'projects/b.txt': 'b', 'projects/$(x)\n"\'.md': 'strange' },
  { 'projects/a.md': 'second', 'projects/$(x)\n"\'.md': 'strange' },
  { 'projects/a.md': 'second', 'projects/$(x)\n"\'.md': 'strange', 'projects/sub/c.md': 'c' },
]

const NAMES = RUNS.map(({ stamp }) => `backup_${stamp}`)

function write(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  const mtime = BigInt(MTIME * 1e9)
  currentPlatform().setTimes(path, mtime, mtime)
}

/** A destination as the original left it after all runs: files of increments are the mirror's. */
function makeDestination(folder: string): string {
  const destination = join(folder, 'Backups')
  const mirrored = { ...STATES.at(-1), 'notes/untracked.txt': 'untracked' }
  for (const [path, content] of Object.entries(mirrored)) write(join(destination, 'mirror', path), content)
  const known = Object.entries(mirrored).map(([path, { length: size }]) => {
    return [path, { size, mtime: MTIME, tracked: path.startsWith('projects/') }] as const
  })
  write(join(destination, 'mirror/mirror.json'), JSON.stringify(Object.fromEntries(known)))
  for (const run of RUNS) {
    const increment = join(destination, `backup_${run.stamp}`)
    for (const category of ['track', 'deleted'] as const) {
      for (const [path, content] of Object.entries(run[category])) {
        const place = join(increment, category, path)
        mkdirSync(dirname(place), { recursive: true })
        if (STATES.at(-1)?.[path] === content) linkSync(join(destination, 'mirror', path), place)
        else write(place, content)
      }
    }
    write(join(increment, `backup_${run.stamp}.json`), JSON.stringify(run.metadata(run)))
  }
  return destination
}

/** Files below a folder. */
function filesIn(folder: string): Files {
  const paths = [...lookAround(folder)].filter(([, { type }]) => type === 'file').map(([path]) => path)
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(folder, path), 'latin1')]))
}

test('what both generations of the original program left is listed, searched and found whole', async () => {
  const destination = makeDestination(memoryFolder())
  const before = [...lookAround(destination)]
  const { increments, problems } = await listIncrements(destination)
  expect(problems).toEqual([])
  expect(increments.map(({ name, origin, time }) => [name, origin, time])).toEqual([
    [NAMES[0], 'original', new Date(2026, 0, 1, 12)],
    [NAMES[1], 'original', new Date(2026, 0, 2, 13)],
    [NAMES[2], 'original', new Date(2026, 0, 3, 14)],
  ])
  for (const { folder } of increments) expect((await validateIncrement(folder)).findings).toEqual([])
  // Only the index of the search is new.
  expect([...lookAround(destination)].filter(([path]) => path !== '')).toEqual(before.filter(([path]) => path !== ''))
  const { found } = await searchIncrements(destination, { masks: ['*.md', 'b'], size: '<6' })
  expect(found.map(({ increment, files }) => [increment.name, files.map(({ path }) => path)])).toEqual([
    [NAMES[0], ['projects/a.md', 'projects/b.txt']],
    [NAMES[1], ['projects/b.txt']],
    [NAMES[2], ['projects/sub/c.md']],
  ])
})

test.skipIf(!hasRsync)(
  'a run goes on from what the original program left, and harms none of its increments',
  async () => {
    const folder = memoryFolder()
    const destination = makeDestination(folder)
    const increments = (): unknown => NAMES.map((name) => [...lookAround(join(destination, name))])
    const before = increments()
    const source = join(folder, 'source')
    for (const [path, content] of Object.entries(STATES.at(-1) ?? {})) write(join(source, path), content)
    write(join(source, 'projects/a.md'), 'the third')
    const config = { source, destination, rules: { ...NO_RULES, trackDirs: ['projects'] }, maxWorkers: 1 }
    const { problems, increment, bytesCopied } = await runMirror(config)
    expect(problems).toEqual([])
    expect(bytesCopied).toBe('the third'.length)
    expect(differences(source, join(destination, 'mirror'))).toEqual([])
    expect(increments()).toEqual(before)
    expect((await listIncrements(destination)).increments.map(({ name }) => name)).toEqual([...NAMES, increment])
  },
)

describe.skipIf(noRestic)('restic', () => {
  test('restores what was imported of the original program, and what its mirror holds beside that', async () => {
    const folder = memoryFolder()
    const destination = makeDestination(folder)
    const before = [...lookAround(destination)]
    const path = join(folder, 'repository')
    const storage = await createStorage(path)
    const repository = await createRepository({ storage, password: 'secret', kdf: { N: 1024, r: 8, p: 1 } })
    const { imported, problems } = await importMirror(repository, destination, { source: SOURCE, workers: 1 })
    expect(problems).toEqual([])
    expect(imported.map(({ name, isComplete }) => [name, isComplete])).toEqual(
      [...NAMES, 'mirror'].map((name) => [name, true]),
    )
    expect([...lookAround(destination)]).toEqual(before)
    expect((await importMirror(repository, destination, { source: SOURCE, workers: 1 })).imported).toEqual([])

    const restic = new Restic({ repository: path, password: 'secret' })
    const states = [...STATES, { ...STATES.at(-1), 'notes/untracked.txt': 'untracked' }]
    for (const [index, { name, snapshot }] of imported.entries()) {
      const target = join(folder, name)
      await restic.run('restore', snapshot.id, '--target', target)
      expect(filesIn(join(target, SOURCE))).toEqual(states[index])
      expect(lookAround(join(target, SOURCE)).get('projects/a.md')?.mtimeNs).toBe(BigInt(MTIME * 1e9))
    }
    expect(await restic.run('check', '--read-data')).toContain('no errors were found')
    await repository.close()
  })
})
