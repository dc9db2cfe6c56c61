import { appendFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  check,
  createRepository,
  MemoryStorage,
  type OpenRepository,
  restore,
  type StoredSnapshot,
  timestampToNanoseconds,
} from '@varve/engine'
import * as fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { file, folder, trees } from '../../../delta/test/directory-index/trees.ts'
import { recreateMetadata } from '../../src/history/recreate.ts'
import { encodeIncrement } from '../../src/increment/encode-increment.ts'
import type { TrackedState } from '../../src/increment/increment.ts'
import { importMirror } from '../../src/repository/import-mirror.ts'
import type { MirrorImportResult } from '../../src/repository/mirror-import-options.ts'
import { NO_RULES } from '../../src/selection/selection-rules.ts'
import { Scene, treeOf } from '../run/scene.ts'
import { type HistoryScene, makeHistory, replant, withoutPipes } from './history-scene.ts'

const CHEAP_KEY = { N: 2, r: 8, p: 1 }

const quietly = { workers: 1, noLock: true }

let repository: OpenRepository

beforeEach(async () => {
  repository = await createRepository({ storage: new MemoryStorage(), password: 'secret', kdf: CHEAP_KEY })
})

async function imported(scene: Scene): Promise<MirrorImportResult> {
  return await importMirror(repository, scene.destination, quietly)
}

/** The tree that a snapshot has below its source. */
async function restored(scene: Scene, { id }: StoredSnapshot): Promise<ReadonlyMap<string, TrackedState>> {
  const target = join(scene.folder, `restored ${id}`)
  await restore(repository, { snapshot: id, target, layout: 'content', workers: 1, noLock: true })
  return treeOf(target)
}

async function expectHistory({ scene, states }: HistoryScene): Promise<void> {
  const snapshots = await repository.snapshots()
  const found = new Map(snapshots.map((snapshot) => [snapshot.description ?? '', snapshot]))
  for (const [name, state] of states) {
    const snapshot = found.get(name)
    if (snapshot === undefined) throw new Error(`there is no snapshot of ${name}`)
    expect([name, await restored(scene, snapshot)]).toEqual([name, state])
    expect(snapshot.paths).toEqual([scene.source])
    expect(timestampToNanoseconds(snapshot.time)).toBe(BigInt(scene.load(name).time.getTime()) * 1_000_000n)
  }
  expect((await check(repository, { readData: true, noLock: true })).problems).toEqual([])
}

test('each increment becomes a snapshot of the tracked tree as it was then; a second import adds nothing', async () => {
  const history = await makeHistory()
  const { imported: made, problems } = await imported(history.scene)
  expect(problems).toEqual([])
  expect(made.map(({ name, isComplete, snapshot }) => [name, isComplete, snapshot.tags])).toEqual(
    history.scene.increments.map((name) => [name, true, ['mirror']]),
  )
  await expectHistory(history)

  const before = (await repository.storage.list('pack')).length
  expect(await imported(history.scene)).toEqual({ imported: [], known: history.scene.increments, problems: [] })
  expect(await repository.snapshots()).toHaveLength(3)
  expect(await repository.storage.list('pack')).toHaveLength(before)
})

test('whatever was mirrored, each snapshot has what was there then', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(trees, { minLength: 1, maxLength: 4 }), async (all) => {
      const scene = new Scene()
      const states = new Map<string, ReadonlyMap<string, TrackedState>>()
      for (const tree of all) {
        replant(scene, withoutPipes(tree))
        const { increment } = await scene.run({ checksum: true })
        if (increment !== undefined) states.set(increment, treeOf(scene.source))
      }
      repository = await createRepository({ storage: new MemoryStorage(), password: 'secret', kdf: CHEAP_KEY })
      expect((await imported(scene)).problems).toEqual([])
      await expectHistory({ scene, states })
      rmSync(scene.folder, { recursive: true })
    }),
    { numRuns: 5 },
  )
})

test('only what is new since the last import is imported', async () => {
  const { scene } = await makeHistory()
  await imported(scene)
  replant(scene, { another: file('state') })
  const { increment } = await scene.run()
  const { imported: made } = await imported(scene)
  expect(made.map(({ name }) => name)).toEqual([increment])
})

test('what is only mirrored is in a snapshot of the mirror as it is, which is not made again while that stays the same', async () => {
  const scene = new Scene()
  scene.rules = { ...NO_RULES, includeDirs: ['.'], trackDirs: ['deep'] }
  const history = await makeHistory(scene, (path) => path === 'deep' || path.startsWith('deep/'))
  const { imported: made } = await imported(scene)
  expect(made.map(({ name }) => name)).toEqual([...history.states.keys(), 'mirror'])
  await expectHistory(history)
  const present = made.at(-1)
  if (present === undefined) throw new Error('nothing was imported')
  expect(await restored(scene, present.snapshot)).toEqual(treeOf(scene.mirror))

  expect((await imported(scene)).imported).toEqual([])
  replant(scene, { untracked: file('comes') })
  await scene.run()
  const again = await imported(scene)
  expect(again.imported.map(({ name }) => name).at(-1)).toBe('mirror')
})

describe('content that is not where it should be', () => {
  test('is taken from wherever else it is', async () => {
    const history = await makeHistory()
    const { scene } = history
    const [first, second] = scene.increments
    // The mirror has it too.
    rmSync(scene.at(first, 'track/same'))
    // The second increment has it under another name.
    writeFileSync(scene.at(first, 'track/text'), 'two')
    expect(scene.load(second ?? '').entries.map(({ path }) => path)).toContain('copy')
    expect((await imported(scene)).problems).toEqual([])
    await expectHistory(history)
  })

  test('is reported where it is nowhere; the snapshot says that it is incomplete, and is made anew when it is found', async () => {
    const history = await makeHistory()
    const { scene } = history
    const [first, second] = scene.increments
    const leaf = 'track/deep/other'
    rmSync(scene.at(second, 'deleted/deep/other'))
    renameSync(scene.at(first, leaf), join(scene.folder, 'elsewhere'))
    const problem = { path: `${first}/deep/other`, message: 'its content is nowhere any more' }
    const result = await imported(scene)
    expect(result.problems).toEqual([problem])
    expect(result.imported.map(({ snapshot }) => snapshot.tags)).toEqual([
      ['mirror', 'mirror-incomplete'],
      ['mirror'],
      ['mirror'],
    ])
    expect(await imported(scene)).toEqual({
      imported: [],
      known: scene.increments,
      problems: [problem],
    })

    renameSync(join(scene.folder, 'elsewhere'), scene.at(first, leaf))
    const again = await imported(scene)
    expect(again.problems).toEqual([])
    expect(again.imported.map(({ name, snapshot }) => [name, snapshot.tags])).toEqual([[first, ['mirror']]])
    expect(await repository.snapshots()).toHaveLength(4)
  })

  test('is not imported where it is damaged', async () => {
    const { scene } = await makeHistory()
    const [first, second] = scene.increments
    rmSync(scene.at(second, 'deleted/deep/other'))
    writeFileSync(scene.at(first, 'track/deep/other'), 'OTHER')
    expect((await imported(scene)).problems).toEqual([
      { path: `${first}/deep/other`, message: `its content in '${first}' is damaged` },
    ])
  })
})

test('an increment whose metadata is damaged is reported, and the others are imported', async () => {
  const history = await makeHistory()
  const { scene } = history
  const [first, second, third] = scene.increments
  appendFileSync(scene.at(second, `${second}.json`), '}')
  const result = await imported(scene)
  expect(result.problems[0]?.path).toBe(second)
  const names = result.imported.map(({ name }) => name)
  expect(names).toContain(first)
  expect(names).toContain(third)
  const last = result.imported.find(({ name }) => name === third)
  if (last === undefined) throw new Error('the last one is missing')
  // The digest tells that what is known is right.
  expect(last.isComplete).toBe(true)
  expect(await restored(scene, last.snapshot)).toEqual(history.states.get(third ?? ''))
})

test('entries that cannot be together are reported, and all else is imported', async () => {
  const { scene } = await makeHistory()
  const [first] = scene.increments
  const increment = scene.load(first ?? '')
  const text = increment.entries.findIndex(({ path }) => path === 'text')
  const below = increment.entries.slice(text, text + 1).map((entry) => ({ ...entry, path: 'text/below' }))
  const entries = increment.entries.toSpliced(text + 1, 0, ...below)
  writeFileSync(scene.at(first, `${first}.json`), encodeIncrement({ ...increment, digest: undefined, entries }))
  const result = await imported(scene)
  expect(result.problems).toContainEqual({
    path: `${first}/text/below`,
    message: 'it would lie below something that is no folder',
  })
  expect(result.imported.map(({ name }) => name)).toEqual(scene.increments)
  expect(result.imported[0]?.snapshot.tags).toEqual(['mirror', 'mirror-incomplete'])
})

test('an increment whose metadata was made anew is saved under the path that is given for it', async () => {
  const history = await makeHistory()
  const { scene } = history
  const [first = ''] = scene.increments
  await recreateMetadata(scene.destination, first, { force: true })
  const result = await importMirror(repository, scene.destination, { ...quietly, source: scene.source })
  expect(result.problems).toEqual([])
  expect(result.imported.map(({ snapshot }) => snapshot.paths)).toEqual(scene.increments.map(() => [scene.source]))
  const snapshot = result.imported[0]?.snapshot
  if (snapshot === undefined) throw new Error('nothing was imported')
  expect(await restored(scene, snapshot)).toEqual(history.states.get(first))
})

test('an import that is stopped before it begins stores nothing', async () => {
  const { scene } = await makeHistory()
  const stopped = importMirror(repository, scene.destination, { ...quietly, signal: AbortSignal.abort() })
  await expect(stopped).rejects.toMatchObject({ code: 'ERR_VARVE_ABORTED' })
  expect(await repository.snapshots()).toEqual([])
})

test('an import that is stopped on the way stores nothing that is not whole, and the next one has it all', async () => {
  const history = await makeHistory()
  const { scene } = history
  const controller = new AbortController()
  const importing = importMirror(repository, scene.destination, { ...quietly, signal: controller.signal })
  setImmediate(() => controller.abort())
  await expect(importing).rejects.toMatchObject({ code: 'ERR_VARVE_ABORTED' })
  expect((await check(repository, { readData: true, noLock: true })).problems).toEqual([])
  await imported(scene)
  await expectHistory(history)
})

test('a dry run tells what would be imported, and stores nothing', async () => {
  const { scene } = await makeHistory()
  const result = await importMirror(repository, scene.destination, { dryRun: true, workers: 1 })
  expect(result.imported.map(({ name }) => name)).toEqual(scene.increments)
  expect(await repository.snapshots()).toEqual([])
  expect(await repository.storage.list('pack')).toEqual([])
})

test('a destination without a mirror is refused', async () => {
  const scene = new Scene()
  await expect(imported(scene)).rejects.toMatchObject({ code: 'ERR_VARVE_NOT_FOUND' })
  replant(scene, { folder: folder() })
  await expect(importMirror(repository, scene.source)).rejects.toMatchObject({ code: 'ERR_VARVE_NOT_FOUND' })
})
