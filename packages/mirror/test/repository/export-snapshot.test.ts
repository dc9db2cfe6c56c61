import { existsSync, lstatSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import {
  createRepository,
  MemoryStorage,
  type OpenRepository,
  type RuleOptions,
  snapshot,
  type StoredSnapshot,
} from '@varve/engine'
import { currentPlatform } from '@varve/platform'
import { beforeEach, expect, test } from 'vitest'
import { file, folder, link, survey, type Tree } from '../../../delta/test/directory-index/trees.ts'
import { FileSteps } from '../../src/disk/file-steps.ts'
import { exportInSteps, exportSnapshot, type MirrorExportOptions } from '../../src/repository/export-snapshot.ts'
import { runMirror } from '../../src/run/run-mirror.ts'
import { Scene } from '../run/scene.ts'
import { replant } from './history-scene.ts'

const CHEAP_KEY = { N: 2, r: 8, p: 1 }

const TREE: Tree = {
  'new\nline': file('a'),
  'not utf-8 \udcff': file('b', { mode: 0o4711, mtime: 7n }),
  link: link('no\udcffwhere'),
  empty: folder({}, { mode: 0o700, mtime: -5n }),
  deep: folder({ deeper: folder({ leaf: file('leaf') }, { mode: 0o1777 }) }),
  large: file(Buffer.alloc(3_000_000, 'large ')),
}

let repository: OpenRepository
let scene: Scene

beforeEach(async () => {
  repository = await createRepository({ storage: new MemoryStorage(), password: 'secret', kdf: CHEAP_KEY })
  scene = new Scene()
  replant(scene, TREE)
})

async function save(rules: RuleOptions = {}): Promise<StoredSnapshot> {
  const { snapshot: made } = await snapshot(repository, { paths: [scene.source], workers: 1, noLock: true, rules })
  if (made === undefined) throw new Error('no snapshot was made')
  return made
}

const quietly: MirrorExportOptions = { workers: 1, noLock: true }

test('the mirror is as the snapshot, and the next run copies nothing', async () => {
  const made = await save()
  const result = await exportSnapshot(repository, made.id, scene.destination, quietly)
  expect(result).toMatchObject({ mirror: scene.mirror, entries: 8, bytes: 3_000_006, problems: [] })
  expect(survey(scene.mirror)).toEqual(survey(scene.source))
  expect(readdirSync(join(scene.destination, '.varve-mirror')).toSorted()).toEqual(['lock', 'state'])

  const inode = lstatSync(join(scene.mirror, 'large')).ino
  const run = await scene.run()
  expect(run).toMatchObject({ bytesCopied: 0, problems: [] })
  expect(lstatSync(join(scene.mirror, 'large')).ino).toBe(inode)
  // It begins the history of all that is tracked, with what the mirror has.
  expect(lstatSync(scene.at(run.increment, 'track/large')).ino).toBe(inode)
  expect(scene.load(run.increment ?? '').entries).toHaveLength(8)
  expect((await scene.run()).increment).toBeUndefined()
})

test('what changed since the snapshot is all that the next run copies', async () => {
  const made = await save()
  await exportSnapshot(repository, made.id, scene.destination, quietly)
  replant(scene, { ...TREE, 'new\nline': file('another', { mtime: 9n }) })
  expect((await scene.run()).bytesCopied).toBe('another'.length)
  expect(survey(scene.mirror)).toEqual(survey(scene.source))
})

test('a file that may have changed right after it was saved is compared with the source', async () => {
  const path = join(scene.source, 'now')
  writeFileSync(path, 'one')
  const { mtimeNs } = lstatSync(path, { bigint: true })
  const made = await save()
  // As a program does that sets times back.
  writeFileSync(path, 'two')
  currentPlatform().setTimes(path, mtimeNs, mtimeNs)
  await exportSnapshot(repository, made.id, scene.destination, quietly)
  expect((await scene.run()).bytesCopied).toBe(3)
  expect(survey(scene.mirror)).toEqual(survey(scene.source))
})

test('a folder in the snapshot can be made the mirror', async () => {
  const made = await save()
  await exportSnapshot(repository, made.id, scene.destination, { ...quietly, path: join(scene.source, 'deep') })
  expect(survey(scene.mirror)).toEqual(survey(join(scene.source, 'deep')))
})

test('what is not in the snapshot cannot be made the mirror, and nothing is left', async () => {
  const made = await save()
  const exporting = exportSnapshot(repository, made.id, scene.destination, { ...quietly, path: '/missing' })
  await expect(exporting).rejects.toMatchObject({ code: 'ERR_VARVE_PATH_NOT_FOUND' })
  expect(readdirSync(scene.mirror)).toEqual([])
  expect(readdirSync(join(scene.destination, '.varve-mirror'))).toEqual(['lock'])
})

test('pipes are left out, and their folders have their times all the same', async () => {
  replant(scene, { ...TREE, pipe: { type: 'fifo' }, inner: folder({ pipe: { type: 'fifo' } }, { mtime: 77n }) })
  const made = await save()
  const notices: string[] = []
  await exportSnapshot(repository, made.id, scene.destination, { ...quietly, onNotice: (text) => notices.push(text) })
  expect(notices).toEqual([expect.stringMatching(/left out: 2/)])
  replant(scene, { ...TREE, inner: folder({}, { mtime: 77n }) })
  expect(survey(scene.mirror)).toEqual(survey(scene.source))
})

test('nothing is written where there is a mirror', async () => {
  await scene.run()
  const made = await save()
  const before = survey(scene.mirror)
  const exporting = exportSnapshot(repository, made.id, scene.destination, quietly)
  await expect(exporting).rejects.toMatchObject({ code: 'ERR_VARVE_EXISTS' })
  expect(survey(scene.mirror)).toEqual(before)
})

test('nothing is written where there is an increment, though its mirror has gone', async () => {
  await scene.run()
  for (const name of ['mirror', '.varve-mirror']) rmSync(join(scene.destination, name), { recursive: true })
  const made = await save()
  const before = scene.history
  const exporting = exportSnapshot(repository, made.id, scene.destination, quietly)
  await expect(exporting).rejects.toMatchObject({ code: 'ERR_VARVE_EXISTS' })
  expect(scene.history).toEqual(before)
  expect(readdirSync(scene.mirror)).toEqual([])
})

test('content that is damaged in the repository is reported, and the next run brings it', async () => {
  const storage = new MemoryStorage()
  repository = await createRepository({ storage, password: 'secret', kdf: CHEAP_KEY, compression: 'off' })
  const made = await save()
  const packs = await storage.list('pack')
  const [largest] = packs.toSorted((a, b) => b.size - a.size)
  if (largest === undefined) throw new Error('there is no pack')
  const bytes = Buffer.from(await storage.load('pack', largest.name))
  bytes.fill(0, 1_000_000, 1_000_100)
  await storage.remove('pack', largest.name)
  await storage.save('pack', largest.name, bytes)
  const { problems } = await exportSnapshot(repository, made.id, scene.destination, quietly)
  expect(problems.map(({ path }) => path)).toEqual(['large'])
  expect((await scene.run()).bytesCopied).toBe(3_000_000)
  expect(survey(scene.mirror)).toEqual(survey(scene.source))
})

/** A file system whose n-th step, and all after it, fail. */
function stopAt(crash: number): { readonly steps: FileSteps; readonly taken: () => number } {
  let count = 0
  const steps = new FileSteps(() => {
    if (++count >= crash) throw new Error('the machine stops')
  })
  return { steps, taken: () => count }
}

test('stopped at any step, there is either nothing or a whole mirror, and the next attempt or run goes on from there', async () => {
  const made = await save()
  const wanted = survey(scene.source)
  const found: unknown[] = []
  let isDone = false
  for (let crash = 1; !isDone; crash++) {
    const destination = join(scene.folder, `destination ${crash}`)
    const mirror = join(destination, 'mirror')
    const { steps, taken } = stopAt(crash)
    await exportInSteps(repository, made.id, destination, quietly, steps).catch(() => undefined)
    isDone = taken() < crash
    const isThere = existsSync(mirror) && readdirSync(mirror).length > 0
    if (!isThere) await exportSnapshot(repository, made.id, destination, quietly)
    const isWhole = isDeepStrictEqual(survey(mirror), wanted)
    const config = { source: scene.source, destination, rules: scene.rules, maxWorkers: 1 }
    const { bytesCopied, problems } = await runMirror(config)
    found.push({ crash, isWhole, bytesCopied, problems, isWholeAfter: isDeepStrictEqual(survey(mirror), wanted) })
  }
  expect(found.length).toBeGreaterThan(5)
  expect(found).toEqual(
    found.map((_, index) => ({ crash: index + 1, isWhole: true, bytesCopied: 0, problems: [], isWholeAfter: true })),
  )
})
