import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VarveError } from '@varve/platform/errors'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findSnapshot } from '../../src/history/find-snapshot.ts'
import { check } from '../../src/maintenance/check.ts'
import { prune } from '../../src/maintenance/prune.ts'
import { openRepository } from '../../src/repository/open-repository.ts'
import { isPartial, PARTIAL_TAG, sourceHost } from '../../src/repository/partial-snapshot.ts'
import type { OpenRepository } from '../../src/repository/repository.ts'
import type { StoredSnapshot } from '../../src/repository/snapshot.ts'
import type { SnapshotOptions } from '../../src/snapshot/snapshot-options.ts'
import { FaultyStorage } from '../../src/storage/faults.ts'
import { MemoryStorage } from '../../src/storage/memory.ts'
import type { FileType } from '../../src/storage/storage.ts'
import { copyStorage, noise } from '../fixtures/repository-fixture.ts'
import { cheapRepository } from '../repository/cheap-repository.ts'
import { madeSnapshot, SnapshotContent, takeSnapshot, type TakenSnapshot } from './take-snapshot.ts'

/** As often as possible. */
const OFTEN = { bytes: 1, milliseconds: 1, share: 1 }
const FILES = 60
const FILE_SIZE = 100_000

let folder = ''
let storage: DyingStorage
let repository: OpenRepository

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'varve-resume-'))
  for (let number = 0; number < FILES; number++) {
    const below = join(folder, `folder ${Math.floor(number / 10)}`)
    mkdirSync(below, { recursive: true })
    writeFileSync(join(below, `file ${number}`), noise(FILE_SIZE, number + 1))
  }
  storage = new DyingStorage()
  repository = await cheapRepository({ storage })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Storage of a process that dies: after so many partial snapshots, nothing can be saved or removed any more until it is revived. */
class DyingStorage extends MemoryStorage {
  /** Snapshots to be saved before the end. */
  lives = Infinity
  readonly saved: FileType[] = []
  /** Snapshots that there are. */
  snapshots = 0

  override async save(type: FileType, name: string, bytes: Uint8Array): Promise<void> {
    if (this.lives <= 0) throw new Error('the process has died')
    await super.save(type, name, bytes)
    this.saved.push(type)
    if (type !== 'snapshot') return
    this.lives--
    this.snapshots++
  }

  override async remove(type: FileType, name: string): Promise<void> {
    if (this.lives <= 0) throw new Error('the process has died')
    await super.remove(type, name)
    if (type === 'snapshot') this.snapshots--
  }
}

/** Takes a snapshot whose process dies when the first partial one is stored. */
async function die(options: SnapshotOptions = {}): Promise<void> {
  storage.lives = 1
  const dying = takeSnapshot(repository, { paths: [folder], workers: 2, checkpoints: OFTEN, ...options })
  await expect(dying).rejects.toThrow('the process has died')
  storage.lives = Infinity
}

/** Takes a snapshot that is asked to stop when so many files are done, and keeps those. */
async function stopAfter(files: number, options: SnapshotOptions = {}): Promise<void> {
  const controller = new AbortController()
  let done = 0
  const stopped = takeSnapshot(repository, {
    paths: [folder],
    checkpoints: { bytes: 16, milliseconds: 600_000, share: 1e-6 },
    signal: controller.signal,
    ...options,
    onItem: ({ type }) => type === 'file' && ++done === files && controller.abort(),
  })
  await expect(stopped).rejects.toMatchObject({ code: 'ERR_VARVE_ABORTED' })
}

async function partialOnes(): Promise<readonly StoredSnapshot[]> {
  return (await repository.snapshots()).filter(isPartial)
}

async function latestPartial(): Promise<StoredSnapshot> {
  const partial = (await partialOnes()).at(-1)
  if (partial === undefined) throw new Error('there is no partial snapshot')
  return partial
}

/** Expects that there is no snapshot but this one. */
async function expectOnly({ id }: StoredSnapshot): Promise<void> {
  expect((await repository.snapshots()).map((snapshot) => snapshot.id)).toEqual([id])
}

/** Paths below the folder of files that a snapshot has. */
async function filesOf(snapshot: StoredSnapshot): Promise<readonly string[]> {
  const { nodes } = await SnapshotContent.read(repository, snapshot, folder)
  return [...nodes].filter(([, { type }]) => type === 'file').map(([path]) => path)
}

/** What a check complains of, without reading content. */
async function complaints(): Promise<readonly string[]> {
  return (await check(repository, { noLock: true })).problems.map(({ kind }) => kind)
}

async function expectSound(of = repository): Promise<void> {
  expect((await check(of, { readData: true, noLock: true })).problems).toEqual([])
}

/** Files that a snapshot read, from below the folder. */
function filesRead({ items }: TakenSnapshot): readonly string[] {
  const read = items.filter(({ type, action }) => type === 'file' && action !== 'unmodified')
  return read.map(({ path }) => path.slice(folder.length + 1))
}

/** Expects that a snapshot has every file as it is. */
async function expectWhole(snapshot: StoredSnapshot, changed: Readonly<Record<number, Buffer>> = {}): Promise<void> {
  const content = await SnapshotContent.read(repository, snapshot, folder)
  for (let number = 0; number < FILES; number++) {
    const expected = changed[number] ?? noise(FILE_SIZE, number + 1)
    const text = await content.text(`folder ${Math.floor(number / 10)}/file ${number}`)
    expect(text === expected.toString('latin1')).toBe(true)
  }
}

describe('a snapshot whose process died', () => {
  test('goes on where it was: what the partial one has is not read again, and that one goes', async () => {
    await die()
    const partial = await latestPartial()
    const before = await filesOf(partial)
    expect(before.length).toBeGreaterThan(0)
    expect(before.length).toBeLessThan(FILES)
    expect(partial.summary?.totalFilesProcessed).toBe(before.length)
    await expectSound()
    const taken = await takeSnapshot(repository, { paths: [folder] })
    expect(taken.result.resumed.at(0)).toBe(partial.id)
    expect(filesRead(taken).filter((path) => before.includes(path))).toEqual([])
    expect(filesRead(taken).length).toBe(FILES - before.length)
    await expectOnly(madeSnapshot(taken))
    await expectWhole(madeSnapshot(taken))
    await expectSound()
  })

  test('leaves a snapshot that other clients take for any other, with whole files only', async () => {
    await die({ host: 'laptop', tags: ['mine'] })
    const partial = await latestPartial()
    expect(partial).toMatchObject({ hostname: 'laptop (partial)', tags: ['mine', PARTIAL_TAG], paths: [folder] })
    expect(sourceHost(partial)).toBe('laptop')
    const content = await SnapshotContent.read(repository, partial, folder)
    for (const path of await filesOf(partial)) {
      const number = Number(path.split(' ').at(-1))
      expect((await content.text(path)) === noise(FILE_SIZE, number + 1).toString('latin1')).toBe(true)
    }
  })

  test('goes on from the partial one and from the good one before it', async () => {
    await takeSnapshot(repository, { paths: [folder] })
    const changed: Record<number, Buffer> = {}
    for (let number = 5; number < FILES; number += 2) {
      const content = noise(FILE_SIZE, number + 1000)
      changed[number] = content
      writeFileSync(join(folder, `folder ${Math.floor(number / 10)}`, `file ${number}`), content)
    }
    await stopAfter(45)
    const before = await filesOf(await latestPartial())
    const changedBefore = before.filter((path) => changed[Number(path.split(' ').at(-1))] !== undefined)
    expect(changedBefore.length).toBeGreaterThan(0)
    const taken = await takeSnapshot(repository, { paths: [folder] })
    expect(filesRead(taken).length).toBe(Object.keys(changed).length - changedBefore.length)
    await expectWhole(madeSnapshot(taken), changed)
    expect(await partialOnes()).toEqual([])
    await expectSound()
  })

  test('several times loses nothing of what each had done', async () => {
    await stopAfter(30)
    const first = await filesOf(await latestPartial())
    await die({ parent: null })
    expect(await partialOnes()).toHaveLength(2)
    const both = new Set([...first, ...(await filesOf(await latestPartial()))])
    const taken = await takeSnapshot(repository, { paths: [folder] })
    expect(filesRead(taken).filter((path) => both.has(path))).toEqual([])
    await expectOnly(madeSnapshot(taken))
    await expectWhole(madeSnapshot(taken))
  })

  test('in the middle of a large file does not store again what it had stored of it', async () => {
    rmSync(folder, { recursive: true })
    mkdirSync(folder)
    writeFileSync(join(folder, 'a small one'), 'small')
    const large = noise(50_000_000, 7)
    writeFileSync(join(folder, 'large'), large)
    await die({ workers: 1 })
    // What is stored beyond the checkpoint is in no index.
    const { index } = await repository.loadIndex()
    const stored = [...index.packs()].flatMap(({ blobs }) => blobs).filter(({ type }) => type === 'data')
    const bytes = stored.reduce((sum, { length }) => sum + length, 0)
    const taken = await takeSnapshot(repository, { paths: [folder] })
    expect(taken.result.summary.dataAdded).toBeLessThan(large.length - bytes + 1_000_000)
    expect(bytes).toBeGreaterThan(1_000_000)
    const content = await SnapshotContent.read(repository, madeSnapshot(taken), folder)
    expect((await content.text('large')) === large.toString('latin1')).toBe(true)
    await expectSound()
  })

  test('goes on after a prune', async () => {
    await die()
    const before = await filesOf(await latestPartial())
    await prune(repository, { maxUnused: { bytes: 0 } })
    await expectSound()
    const taken = await takeSnapshot(repository, { paths: [folder] })
    expect(filesRead(taken).length).toBe(FILES - before.length)
    await expectWhole(madeSnapshot(taken))
  })

  test('at any operation leaves a sound repository, and what is there is whole', async () => {
    for (const number of [3, 4, 5]) rmSync(join(folder, `folder ${number}`), { recursive: true })
    const whole = await operationsOfOne()
    // At least one partial snapshot before the good one.
    expect(whole.filter((operation) => operation === 'save snapshot').length).toBeGreaterThan(1)
    for (let at = 1; at <= whole.length; at++) {
      const copy = await copyStorage(storage)
      const dying = new FaultyStorage(copy, [
        { at, action: { kind: 'crash', when: at % 2 === 0 ? 'before' : 'after' } },
      ])
      const opened = await openRepository({ storage: dying, password: 'secret' }).catch(() => undefined)
      if (opened !== undefined)
        await takeSnapshot(opened, { paths: [folder], workers: 2, checkpoints: OFTEN }).catch(() => undefined)
      const next = await openRepository({ storage: copy, password: 'secret' })
      await expectSound(next)
      await takeSnapshot(next, { paths: [folder] })
      expect((await check(next, { noLock: true })).problems).toEqual([])
      expect((await next.snapshots()).filter(isPartial)).toEqual([])
    }
  }, 300_000)
})

/** What a snapshot with checkpoints asks of the storage, about. */
async function operationsOfOne(): Promise<readonly string[]> {
  const counting = new FaultyStorage(await copyStorage(storage), [])
  const opened = await openRepository({ storage: counting, password: 'secret' })
  await takeSnapshot(opened, { paths: [folder], workers: 2, checkpoints: OFTEN })
  return counting.performed.map(({ operation, type = '' }) => `${operation} ${type}`)
}

describe('a snapshot that is asked to stop', () => {
  test('keeps what it has done, where that is worth it, and says so', async () => {
    const notices: string[] = []
    await stopAfter(FILES / 2, { onNotice: (text) => notices.push(text) })
    const partial = await latestPartial()
    expect(notices.at(-1)).toContain(partial.id.slice(0, 8))
    expect((await filesOf(partial)).length).toBeGreaterThanOrEqual(FILES / 2)
    await expectSound()
    const taken = await takeSnapshot(repository, { paths: [folder] })
    expect(filesRead(taken).length).toBeLessThanOrEqual(FILES / 2)
    await expectOnly(madeSnapshot(taken))
  })

  test('keeps nothing of a few moments', async () => {
    const controller = new AbortController()
    const stopped = takeSnapshot(repository, {
      paths: [folder],
      signal: controller.signal,
      onItem: () => controller.abort(),
    })
    await expect(stopped).rejects.toMatchObject({ code: 'ERR_VARVE_ABORTED' })
    expect(await repository.snapshots()).toEqual([])
  })
})

describe('checkpoints', () => {
  test('take no operation of a quick snapshot', async () => {
    const performed: (readonly string[])[] = []
    for (const checkpoints of [undefined, false] as const) {
      const counting = new FaultyStorage(await copyStorage(storage), [])
      const opened = await openRepository({ storage: counting, password: 'secret' })
      await takeSnapshot(opened, { paths: [folder], ...(checkpoints === undefined ? {} : { checkpoints }) })
      performed.push(counting.performed.map(({ operation, type = '' }) => `${operation} ${type}`).toSorted())
    }
    expect(performed[0]).toEqual(performed[1])
    expect(performed[0]?.filter((operation) => operation === 'save snapshot')).toHaveLength(1)
  })

  test('are not made where they are not wanted', async () => {
    for (const options of [{ checkpoints: false }, { checkpoints: OFTEN, dryRun: true }] as const)
      await takeSnapshot(repository, { paths: [folder], ...options })
    expect(storage.saved.filter((type) => type === 'snapshot')).toHaveLength(1)
  })

  test('leave none of their own behind, and at most one is there at a time', async () => {
    let most = 0
    const taken = await takeSnapshot(repository, {
      paths: [folder],
      workers: 2,
      checkpoints: OFTEN,
      onItem: () => {
        most = Math.max(most, storage.snapshots)
      },
    })
    expect(storage.saved.filter((type) => type === 'snapshot').length).toBeGreaterThan(1)
    expect(most).toBeLessThanOrEqual(2)
    await expectOnly(madeSnapshot(taken))
    await expectWhole(madeSnapshot(taken))
  })

  test('that cannot be stored do not stop the snapshot, and that is said', async () => {
    const failing = new FaultyStorage(storage, [
      { operation: 'save', type: 'snapshot', at: 1, action: { kind: 'fail' } },
    ])
    const notices: string[] = []
    const opened = await openRepository({ storage: failing, password: 'secret' })
    const taken = await takeSnapshot(opened, {
      paths: [folder],
      checkpoints: OFTEN,
      onNotice: (text) => notices.push(text),
    })
    expect(notices[0]).toContain('could not be kept')
    await expectWhole(madeSnapshot(taken))
  })
})

describe('a partial snapshot', () => {
  test('is never the latest, and is found by name', async () => {
    await die()
    const partial = await latestPartial()
    await expect(findSnapshot(repository, 'latest')).rejects.toMatchObject({
      code: 'ERR_VARVE_SNAPSHOT_NOT_FOUND',
      hint: expect.stringContaining(partial.id.slice(0, 8)),
    })
    expect((await findSnapshot(repository, '1')).snapshot.id).toBe(partial.id)
    expect((await findSnapshot(repository, partial.id.slice(0, 12))).snapshot.id).toBe(partial.id)
    const good = madeSnapshot(await takeSnapshot(repository, { paths: [join(folder, 'folder 1')] }))
    await die()
    expect((await findSnapshot(repository, 'latest')).snapshot.id).toBe(good.id)
  })

  test('stays while the next one cannot read everything: it may have what that one lacks', async () => {
    await die()
    const incomplete = await takeSnapshot(repository, { paths: [folder, join(folder, 'missing')] })
    expect(incomplete.problems).toHaveLength(1)
    expect(await partialOnes()).toHaveLength(1)
    const taken = await takeSnapshot(repository, { paths: [folder] })
    expect((await repository.snapshots()).map(({ id }) => id)).toEqual(
      [incomplete, taken].map((one) => madeSnapshot(one).id),
    )
  })

  test('that goes while a check runs is nothing to complain about, while one that cannot be read is', async () => {
    await die()
    const { id } = await latestPartial()
    const load = storage.load.bind(storage)
    let goes = false
    storage.load = async (type, name, range) => {
      if (name === id && goes) await storage.remove(type, name)
      if (name === id) throw new VarveError('ERR_VARVE_NOT_FOUND', 'it is not there')
      return load(type, name, range)
    }
    expect(await complaints()).toEqual(['damaged-snapshot'])
    goes = true
    expect(await complaints()).toEqual([])
  })

  test('goes after one that was told to read everything, too', async () => {
    await die()
    const taken = await takeSnapshot(repository, { paths: [folder], force: true })
    expect(filesRead(taken)).toHaveLength(FILES)
    expect(await partialOnes()).toEqual([])
  })

  test('cannot be made by giving its tag', async () => {
    await expect(takeSnapshot(repository, { paths: [folder], tags: [PARTIAL_TAG] })).rejects.toMatchObject({
      code: 'ERR_VARVE_BAD_ARGUMENT',
    })
  })
})
