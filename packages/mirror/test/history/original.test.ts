import { readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isVarveError } from '@varve/platform'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { deleteFiles } from '../../src/history/delete-increment.ts'
import { findIncrement, loadHistory } from '../../src/history/history.ts'
import { recreateMetadata } from '../../src/history/recreate.ts'
import { planMirrorRestore } from '../../src/history/restore-plan.ts'
import { executeMirrorRestore } from '../../src/history/restore.ts'
import { treeAt } from '../../src/history/tree-at.ts'
import { validateIncrement } from '../../src/history/validate.ts'
import { listIncrements } from '../../src/increment/list-increments.ts'
import { loadIncrement } from '../../src/increment/load-increment.ts'
import { readOriginal } from '../../src/increment/original-metadata.ts'
import { parseMetadata } from '../../src/increment/parse-metadata.ts'
import { isTrackedPath } from '../../src/increment/tracked-path.ts'
import { searchIncrements } from '../../src/search/search.ts'
import { plant, scanTree } from './destination.ts'

const MTIME = 1_767_225_600.123_456
const STAMPS = ['20260101_120000', '20260102_120000', '20260103_120000'] as const

function seedFile(path: string, place: string): object {
  return { path, size: 2, mtime: MTIME, backup_location: `${place}/${path}` }
}

function headFile(path: string, category: string, place: string): readonly [string, object] {
  const times = { mtime: MTIME, mtime_iso: '2026-01-01T00:00:00.123456', mtime_date: '2026-01-01' }
  return [path, { size: 2, ...times, category, backup_path: `${place}/${path}` }]
}

/** What the first generation of the original wrote. */
function seedMetadata(stamp: string, changed: readonly string[], deleted: readonly string[]): object {
  return {
    backup_info: { timestamp: stamp, type: 'incremental' },
    statistics: { new_changed: changed.length, deleted: deleted.length },
    files: {
      new_changed: changed.map((path) => seedFile(path, 'track')),
      deleted: deleted.map((path) => seedFile(path, 'deleted')),
    },
  }
}

/** What the second generation wrote, and its `recreate`. */
function headMetadata(stamp: string, changed: readonly string[], deleted: readonly string[]): object {
  return {
    version: '1.0',
    backup_type: 'incremental',
    backup_timestamp: stamp,
    file_catalog: Object.fromEntries([
      ...changed.map((path) => headFile(path, 'new_changed', 'track')),
      ...deleted.map((path) => headFile(path, 'deleted', 'deleted')),
    ]),
    summary: { total_files: changed.length + deleted.length },
    statistics: {},
    recreated: true,
    recreated_at: '2026-02-01T00:00:00',
  }
}

/** Three increments: `a` and `b` are new, `a` changes, `b` goes. */
function makeDestination(describeFiles: typeof seedMetadata): string {
  const destination = join(scratchFolder(), 'dist')
  const steps = [
    { track: { 'docs/a.md': 'a1', b: 'b1' }, deleted: {} },
    { track: { 'docs/a.md': 'a2' }, deleted: {} },
    { track: {}, deleted: { b: 'b1' } },
  ]
  for (const [index, { track, deleted }] of steps.entries()) {
    const stamp = STAMPS[index] ?? ''
    const folder = join(destination, `backup_${stamp}`)
    for (const [place, files] of Object.entries({ track, deleted })) {
      for (const [path, content] of Object.entries(files)) {
        plant(`${folder}/${place}/${path}`, { type: 'file', content, mtime: 1_767_225_600_123_456_000n })
      }
    }
    plant(
      `${folder}/backup_${stamp}.json`,
      JSON.stringify(describeFiles(stamp, Object.keys(track), Object.keys(deleted))),
    )
  }
  return destination
}

function folderOf(destination: string, number: number): string {
  return join(destination, `backup_${STAMPS[number - 1] ?? ''}`)
}

async function contents(destination: string, number: number): Promise<readonly string[]> {
  const history = await loadHistory(destination, undefined)
  const target = join(scratchFolder(), 'target')
  const plan = planMirrorRestore(history, findIncrement(history.increments, String(number)), target)
  expect((await executeMirrorRestore(plan)).problems).toEqual([])
  return scanTree(target)
    .filter(({ state }) => state.type === 'file')
    .map(({ path }) => `${path}=${readFileSync(join(target, path), 'utf8')}`)
}

describe.each([
  ['first', seedMetadata],
  ['second', headMetadata],
] as const)('increments of the %s generation of the original', (_, describeFiles) => {
  it('are listed, searched and valid', async () => {
    const destination = makeDestination(describeFiles)
    const { increments, problems } = await listIncrements(destination)
    expect(problems).toEqual([])
    expect(increments.map(({ name, origin, time }) => [name, origin, time.getTime()])).toEqual(
      [1, 2, 3].map((day) => [`backup_${STAMPS[day - 1] ?? ''}`, 'original', new Date(2026, 0, day, 12).getTime()]),
    )
    const { found } = await searchIncrements(destination, { masks: ['b'], size: '2', time: '2025-12-31..2026-01-02' })
    expect(found.map(({ increment, files }) => [increment.name, files[0]?.path, files[0]?.category])).toEqual([
      [`backup_${STAMPS[0]}`, 'b', 'track'],
      [`backup_${STAMPS[2]}`, 'b', 'deleted'],
    ])
    expect(await validateIncrement(folderOf(destination, 1))).toMatchObject({ findings: [], filesWithoutHash: 2 })
  })

  it('are restored', async () => {
    const destination = makeDestination(describeFiles)
    expect(await contents(destination, 1)).toEqual(['b=b1', 'docs/a.md=a1'])
    expect(await contents(destination, 2)).toEqual(['b=b1', 'docs/a.md=a2'])
    expect(await contents(destination, 3)).toEqual(['docs/a.md=a2'])
  })

  it('do not pass for what they were when a file was overwritten in them', async () => {
    const destination = makeDestination(describeFiles)
    writeFileSync(join(folderOf(destination, 1), 'track/docs/a.md'), 'a2')
    const history = await loadHistory(destination, undefined)
    const { entries, doubts } = treeAt(history, findIncrement(history.increments, '1'))
    expect(entries.map(({ path }) => path)).toEqual(['b'])
    expect(doubts).toEqual([{ path: 'docs/a.md', category: 'track', message: expect.any(String) }])
    expect((await validateIncrement(folderOf(destination, 1))).findings.map(({ kind }) => kind)).toEqual(['time'])
    expect(await contents(destination, 2)).toEqual(['b=b1', 'docs/a.md=a2'])
  })

  it('need not have what went to tell that it went', async () => {
    const destination = makeDestination(describeFiles)
    rmSync(join(folderOf(destination, 3), 'deleted/b'))
    const history = await loadHistory(destination, undefined)
    expect(history.increments[2]?.lost).toHaveLength(1)
    expect(treeAt(history, findIncrement(history.increments, '3')).doubts).toEqual([])
    expect(await contents(destination, 3)).toEqual(['docs/a.md=a2'])
  })

  it('get metadata of ours, and keep theirs', async () => {
    const destination = makeDestination(describeFiles)
    const folder = folderOf(destination, 1)
    await expect(deleteFiles(destination, `backup_${STAMPS[0]}`, ['b'])).rejects.toMatchObject({
      code: 'ERR_VARVE_UNSUPPORTED',
    })
    await recreateMetadata(destination, `backup_${STAMPS[0]}`, { force: true })
    expect((await loadIncrement(folder)).origin).toBe('recreated')
    expect(await validateIncrement(folder)).toMatchObject({ findings: [], filesWithoutHash: 0 })
    expect(await contents(destination, 2)).toEqual(['b=b1', 'docs/a.md=a2'])
    expect(JSON.parse(readFileSync(join(folder, 'replaced-metadata-1.json'), 'utf8'))).toEqual(
      describeFiles(STAMPS[0], ['docs/a.md', 'b'], []),
    )
  })

  it.each([
    ['../outside', 'a path that leads out'],
    ['/etc/passwd', 'an absolute path'],
    ['', 'no path'],
  ])('are refused with %j', async (path) => {
    const destination = makeDestination(describeFiles)
    writeFileSync(
      join(folderOf(destination, 1), `backup_${STAMPS[0]}.json`),
      JSON.stringify(describeFiles(STAMPS[0], [path], [])),
    )
    await expect(loadIncrement(folderOf(destination, 1))).rejects.toMatchObject({ code: 'ERR_VARVE_DAMAGED' })
  })

  it('may be moved, one by one', async () => {
    const destination = makeDestination(describeFiles)
    const elsewhere = scratchFolder()
    renameSync(folderOf(destination, 2), folderOf(elsewhere, 2))
    expect((await validateIncrement(folderOf(elsewhere, 2))).findings).toEqual([])
    rmSync(folderOf(destination, 3), { recursive: true })
    expect(await contents(destination, 1)).toEqual(['b=b1', 'docs/a.md=a1'])
  })
})

/** `read` where all paths are such that nothing outside can be meant; the code of the failure otherwise. */
function outcomeOf(bytes: Buffer): unknown {
  try {
    const files = readOriginal(parseMetadata(bytes, 'it'), 'it')?.files ?? []
    return files.every(({ path }) => isTrackedPath(path)) ? 'read' : 'read what leads out'
  } catch (error) {
    return isVarveError(error) ? error.code : error
  }
}

describe('metadata that makes no sense', () => {
  it.each([seedMetadata, headMetadata])('is refused in words, whichever byte is damaged', (describeFiles) => {
    const bytes = Buffer.from(JSON.stringify(describeFiles(STAMPS[0], ['a', 'b/c'], ['d'])))
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const damaged = Buffer.from(bytes)
        for (const [at, byte] of changes) damaged[at] = byte
        expect(['read', 'ERR_VARVE_DAMAGED']).toContain(outcomeOf(damaged))
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    '[]',
    'null',
    '1',
    '{}',
    '{"files": 3}',
    '{"files": {"deleted": [3]}}',
    '{"file_catalog": {"a": 3}}',
    '{"version": "1.0"}',
    '',
    '{',
  ])('%j is damaged or of another kind', async (text) => {
    const folder = folderOf(scratchFolder(), 1)
    plant(`${folder}/backup_${STAMPS[0]}.json`, text)
    const code = await loadIncrement(folder).then(
      () => 'loaded',
      (error: { readonly code: unknown }) => error.code,
    )
    expect(['ERR_VARVE_DAMAGED', 'ERR_VARVE_FORMAT']).toContain(code)
  })

  it('is not read through a link, nor waited for', async () => {
    const folder = folderOf(scratchFolder(), 1)
    plant(`${folder}/backup_${STAMPS[0]}.json`, { type: 'symlink', target: '/dev/zero' })
    await expect(loadIncrement(folder)).rejects.toMatchObject({ code: 'ERR_VARVE_STORAGE' })
  })

  it('is found in a folder that was renamed', async () => {
    const destination = makeDestination(seedMetadata)
    renameSync(folderOf(destination, 1), join(destination, 'backup_20300101_000000'))
    utimesSync(destination, 1, 1)
    expect((await loadIncrement(join(destination, 'backup_20300101_000000'))).time).toEqual(new Date(2026, 0, 1, 12))
  })
})
