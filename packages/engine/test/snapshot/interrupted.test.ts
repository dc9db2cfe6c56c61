import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { check } from '../../src/maintenance/check.ts'
import { withLock } from '../../src/repository/lock.ts'
import { openRepository } from '../../src/repository/open-repository.ts'
import type { OpenRepository } from '../../src/repository/repository.ts'
import type { StoredSnapshot } from '../../src/repository/snapshot.ts'
import type { Fault } from '../../src/storage/fault-script.ts'
import { FaultyStorage } from '../../src/storage/faults.ts'
import { MemoryStorage } from '../../src/storage/memory.ts'
import type { SnapshotOptions } from '../../src/snapshot/snapshot-options.ts'
import { makeManyFiles } from '../fixtures/hard-folder.ts'
import { copyStorage, noise, saveIndex } from '../fixtures/repository-fixture.ts'
import { cheapRepository } from '../repository/cheap-repository.ts'
import { madeSnapshot, SnapshotContent, storedBlobs, takeSnapshot, type TakenSnapshot } from './take-snapshot.ts'

const PASSWORD = 'secret'
const LARGE = [1, 2, 3].map((seed) => noise(7_000_000, seed))

let folder = ''
let first: MemoryStorage
let storage: MemoryStorage

/** A folder with more content than a pack takes, and a repository with a snapshot of a small part of it. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'varve-interrupted-'))
  makeManyFiles(folder, 150)
  first = new MemoryStorage()
  await takeSnapshot(await cheapRepository({ storage: first }), { paths: [folder] })
  for (const [number, content] of LARGE.entries()) writeFileSync(join(folder, `large ${number}`), content)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

beforeEach(async () => {
  storage = await copyStorage(first)
})

function open(from: MemoryStorage | FaultyStorage = storage): Promise<OpenRepository> {
  return openRepository({ storage: from, password: PASSWORD })
}

/** Whether all that a repository holds is sound, to the last byte. */
async function expectSound(repository: OpenRepository): Promise<void> {
  const { problems } = await check(repository, { readData: true, noLock: true })
  expect(problems).toEqual([])
}

/** Expects that a repository is as it was before a snapshot that failed, but for packs that nobody needs, and that the next one succeeds. */
async function expectNothingBut(unreferencedIn: MemoryStorage): Promise<void> {
  const repository = await open(unreferencedIn)
  for (const [type, count] of Object.entries({ snapshot: 1, index: 1, lock: 0 }))
    expect(await unreferencedIn.list(type as 'snapshot')).toHaveLength(count)
  await expectSound(repository)
  await expectNextSucceeds(repository)
}

/** Whether a snapshot has what the folder has. */
async function expectWhole(repository: OpenRepository, snapshot: StoredSnapshot): Promise<void> {
  const content = await SnapshotContent.read(repository, snapshot, folder)
  expect(content.paths).toHaveLength(155)
  expect((await content.text('large 2')) === LARGE[2]?.toString('latin1')).toBe(true)
}

async function expectNextSucceeds(repository: OpenRepository): Promise<void> {
  const next = await takeSnapshot(repository, { paths: [folder] })
  expect(next.problems).toEqual([])
  await expectSound(repository)
  await expectWhole(repository, madeSnapshot(next))
}

/** Takes a snapshot that is aborted when its options say so. */
async function abortedBy(options: (abort: () => void) => SnapshotOptions): Promise<TakenSnapshot> {
  const controller = new AbortController()
  return takeSnapshot(await open(), {
    paths: [folder],
    signal: controller.signal,
    noLock: false,
    workers: 2,
    ...options(() => controller.abort()),
  })
}

/** What a snapshot asks of the storage when nothing goes wrong. */
async function operations(): Promise<FaultyStorage['performed']> {
  const counting = new FaultyStorage(await copyStorage(storage), [])
  const repository = await open(counting)
  const before = counting.performed.length
  await takeSnapshot(repository, { paths: [folder] })
  return counting.performed.slice(before)
}

/** A copy of the storage after a snapshot that failed at a fault. */
async function failedAt(fault: Fault): Promise<MemoryStorage> {
  const copy = await copyStorage(storage)
  const faulty = await open(new FaultyStorage(copy, [fault]))
  await expect(takeSnapshot(faulty, { paths: [folder] })).rejects.toMatchObject({ code: 'ERR_VARVE_STORAGE' })
  await expectSound(await open(copy))
  return copy
}

describe('a snapshot that is aborted', () => {
  test.each<[string, (abort: () => void) => SnapshotOptions]>([
    ['before it starts', (abort) => (abort(), {})],
    ['at its first entry', (abort) => ({ onItem: abort })],
    ['while files are read', (abort) => ({ onItem: ({ path }) => path.includes('large') && abort() })],
    ['at its last entry', (abort) => ({ onItem: ({ path }) => path === folder && abort() })],
  ])('%s leaves nothing but packs that nobody needs', async (_, options) => {
    await expect(abortedBy(options)).rejects.toMatchObject({ code: 'ERR_VARVE_ABORTED' })
    await expectNothingBut(storage)
  })

  test('while the storage is slow waits for what is being stored, and no longer', async () => {
    const script: Fault[] = Array.from({ length: 5 }, (_, index) => ({
      operation: 'save',
      type: 'pack',
      at: index + 1,
      action: { kind: 'delay', milliseconds: 200 },
    }))
    const slow = new FaultyStorage(storage, script)
    const controller = new AbortController()
    const aborted = takeSnapshot(await open(slow), {
      paths: [folder],
      signal: controller.signal,
      onProgress: () => slow.performed.some(({ type }) => type === 'pack') && controller.abort(),
    })
    await expect(aborted).rejects.toMatchObject({ code: 'ERR_VARVE_ABORTED' })
    const stored = await storage.list('pack')
    await new Promise(setImmediate)
    expect(await storage.list('pack')).toEqual(stored)
    await expectNothingBut(storage)
  })
})

describe('a storage that fails', () => {
  test('at any save makes it fail, and the repository stays as it was', async () => {
    const saves = (await operations()).filter(({ operation }) => operation === 'save')
    expect(saves.filter(({ type }) => type === 'pack').length).toBeGreaterThan(1)
    expect(saves.at(-1)?.type).toBe('snapshot')
    expect(saves.at(-2)?.type).toBe('index')
    for (const at of saves.keys()) {
      const copy = await failedAt({ operation: 'save', at: at + 1, action: { kind: 'fail' } })
      expect(await copy.list('snapshot')).toHaveLength(1)
    }
  })

  test('after it has saved: what is there is sound, whether or not it was said to be', async () => {
    const snapshots: number[] = []
    for (const type of ['pack', 'index', 'snapshot'] as const) {
      const copy = await failedAt({ operation: 'save', type, at: 1, action: { kind: 'fail-after' } })
      snapshots.push((await copy.list('snapshot')).length)
    }
    expect(snapshots).toEqual([1, 1, 2])
  })

  test('is no obstacle to the next snapshot', async () => {
    const copy = await failedAt({ operation: 'save', type: 'index', at: 1, action: { kind: 'fail' } })
    expect((await copy.list('pack')).length).toBeGreaterThan((await storage.list('pack')).length)
    await expectNothingBut(copy)
  })

  test('that cannot be read is no parent: nothing is done', async () => {
    for (const type of ['index', 'snapshot'] as const) {
      const failing = new FaultyStorage(storage, [{ operation: 'load', type, at: 1, action: { kind: 'fail' } }])
      const attempted = takeSnapshot(await open(failing), { paths: [folder] })
      await expect(attempted).rejects.toMatchObject({ code: 'ERR_VARVE_STORAGE' })
    }
    await expectNothingBut(storage)
  })
})

describe('a parent that is damaged', () => {
  test('in its trees: the folders are saved as new, and that is said', async () => {
    const repository = await open()
    const { index } = await repository.loadIndex()
    const trees = [...index.packs()].filter(({ blobs }) => blobs[0]?.type === 'tree')
    for (const { id } of trees) await repository.removeUnpacked('pack', id)
    const { result, problems } = await takeSnapshot(repository, { paths: [folder] })
    expect(problems).toEqual([
      { path: '/', message: expect.stringContaining('the parent snapshot cannot be used here') },
    ])
    expect(result.summary).toMatchObject({ filesNew: 153, filesUnmodified: 0 })
  })

  test('in its content: what is missing is saved again, and that is said', async () => {
    const repository = await open()
    const indexed = await repository.loadIndex()
    const [old] = await storage.list('index')
    await saveIndex(
      repository,
      [...indexed.index.packs()].filter(({ blobs }) => blobs[0]?.type === 'tree'),
    )
    await storage.remove('index', old?.name ?? '')
    const { result, problems } = await takeSnapshot(repository, { paths: [folder] })
    // An empty file is whole without any content.
    const { length } = problems
    expect(length).toBeGreaterThan(140)
    expect(problems[0]).toEqual({
      path: join(folder, '0', 'file 1'),
      message: 'parts of it are missing in the repository, although the parent snapshot has it; it is saved again',
    })
    expect(result).toMatchObject({ problems: length, summary: { filesNew: 3, filesUnmodified: 150 } })
    expect(result.summary.dataBlobs).toBeGreaterThan(length)
    await expectWhole(repository, madeSnapshot({ result, problems, items: [] }))
    await expectSound(repository)
  })
})

describe('two at a time', () => {
  test('into one repository: both are whole', async () => {
    const taken = await Promise.all(
      ['left', 'right'].map(async (host) =>
        takeSnapshot(await open(new FaultyStorage(storage, [])), { paths: [folder], host, noLock: false, workers: 2 }),
      ),
    )
    const repository = await open()
    expect(await repository.snapshots()).toHaveLength(3)
    expect(await storage.list('lock')).toEqual([])
    await expectSound(repository)
    for (const snapshot of taken.map(madeSnapshot)) await expectWhole(repository, snapshot)
    // Neither knew of the other: what both stored is there twice, and not a third time.
    const { length } = await storedBlobs(repository)
    await takeSnapshot(repository, { paths: [folder], host: 'third' })
    expect((await storedBlobs(repository)).length).toBeLessThanOrEqual(length + 1)
  })

  test('are not let in while somebody is alone with it, and are as soon as that ends', async () => {
    const repository = await open()
    await withLock(repository, { exclusive: true }, async () => {
      await expect(takeSnapshot(await open(), { paths: [folder], noLock: false })).rejects.toMatchObject({
        code: 'ERR_VARVE_LOCKED',
      })
    })
    await takeSnapshot(repository, { paths: [folder], noLock: false })
    expect(await storage.list('lock')).toEqual([])
  })
})
