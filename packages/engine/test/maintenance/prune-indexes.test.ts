import * as fc from 'fast-check'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { check } from '../../src/maintenance/check.ts'
import { planPrune } from '../../src/maintenance/prune-plan.ts'
import { executePrune } from '../../src/maintenance/prune.ts'
import type { PackContents } from '../../src/repository/blob.ts'
import type { Id } from '../../src/repository/id.ts'
import { decodeIndex, encodeIndex } from '../../src/repository/index-file.ts'
import type { OpenRepository } from '../../src/repository/repository.ts'
import { FaultyStorage } from '../../src/storage/faults.ts'
import { noise, openFixture, RepositoryFixture, saveIndex, type FolderContent } from '../fixtures/repository-fixture.ts'
import { contentsOf, everythingIn, expectSound, pruneUnlocked } from './pruned-repository.ts'

// Ten entries are then enough for a file that is not small.
vi.mock('../../src/repository/index-file.ts', async (importOriginal) => ({
  ...(await importOriginal<object>()),
  INDEX_FILE_BLOBS: 50,
}))

/** A folder whose snapshot makes an index file that is not small, or one that is. */
const much = (seed: number): FolderContent => ({ [`much ${seed}`]: noise(12_000, seed) })
const little = (seed: number): FolderContent => ({ [`little ${seed}`]: noise(1_000, seed) })

/** The packs that each index file names. */
async function namedBy(repository: OpenRepository): Promise<ReadonlyMap<Id, readonly Id[]>> {
  const named = new Map<Id, readonly Id[]>()
  for (const { name } of await repository.storage.list('index')) {
    const json = await repository.loadUnpacked('index', name as Id)
    named.set(
      name as Id,
      decodeIndex(json, name as Id).map((pack) => pack.id),
    )
  }
  return named
}

async function indexNames({ storage }: OpenRepository): Promise<ReadonlySet<string>> {
  return new Set((await storage.list('index')).map(({ name }) => name))
}

/** The index file that a snapshot made. */
async function snapshotWithIndex(
  fixture: RepositoryFixture,
  content: FolderContent,
): Promise<{ readonly id: Id; readonly file: string; readonly packs: readonly PackContents[] }> {
  const before = await indexNames(fixture.repository)
  const root = fixture.folder(content)
  const packs = await fixture.flush()
  const [file] = (await indexNames(fixture.repository)).difference(before)
  return { id: (await fixture.snapshotOf(root)).id, file: String(file), packs }
}

describe('a prune leaves an index file alone', () => {
  let fixture: RepositoryFixture
  beforeEach(async () => {
    fixture = await RepositoryFixture.create()
  })

  test('that names nothing which goes', async () => {
    const kept = await snapshotWithIndex(fixture, much(1))
    const gone = await snapshotWithIndex(fixture, much(2))
    const storage = new FaultyStorage(fixture.storage, [])
    await pruneUnlocked(await openFixture(storage), { remove: [gone.id] })
    expect(await indexNames(fixture.repository)).toEqual(new Set([kept.file]))
    expect(storage.performed.filter(({ operation }) => operation === 'save')).toEqual([])
    await expectSound(fixture.repository)
  })

  test('and puts what stays of the others into new ones', async () => {
    const kept = await snapshotWithIndex(fixture, much(1))
    // Nothing else of it than the folder goes.
    const mixed = await snapshotWithIndex(fixture, much(2))
    await fixture.snapshot({ ...much(2), ...little(3) })
    await pruneUnlocked(fixture.repository, { remove: [mixed.id] })
    const named = await namedBy(fixture.repository)
    expect([...named.keys()]).toHaveLength(2)
    expect(named.get(kept.file as Id)).toEqual(kept.packs.map(({ id }) => id))
    const data = mixed.packs.find(({ blobs }) => blobs.some(({ type }) => type === 'data'))
    const others = [...named].filter(([name]) => name !== kept.file).flatMap(([, packs]) => packs)
    expect(others).toContain(data?.id)
    await expectSound(fixture.repository)
  })

  test('but for small ones, where any is written', async () => {
    const kept = await snapshotWithIndex(fixture, much(1))
    const small = [await snapshotWithIndex(fixture, little(2)), await snapshotWithIndex(fixture, little(3))]
    const gone = await snapshotWithIndex(fixture, much(4))
    await pruneUnlocked(fixture.repository, { remove: [gone.id] })
    const named = await namedBy(fixture.repository)
    expect(named.size).toBe(2)
    expect(named.has(kept.file as Id)).toBe(true)
    expect([...named.values()].flat()).toEqual(
      expect.arrayContaining(small.flatMap(({ packs }) => packs.map((p) => p.id))),
    )
    await expectSound(fixture.repository)
  })

  test('but for small ones, where there are many, though nothing goes', async () => {
    const kept = await snapshotWithIndex(fixture, much(1))
    await fixture.snapshot(little(2))
    const saveEmpty = (): Promise<Id> => fixture.repository.saveUnpacked('index', encodeIndex([]))
    for (let i = 0; i < 7; i++) await saveEmpty()
    const clean = await everythingIn(fixture.storage)
    await pruneUnlocked(fixture.repository)
    expect(await everythingIn(fixture.storage)).toEqual(clean)
    await saveEmpty()
    const before = await contentsOf(fixture.repository)
    await pruneUnlocked(fixture.repository)
    const files = await indexNames(fixture.repository)
    expect(files.size).toBe(2)
    expect(files).toContain(kept.file)
    expect(await contentsOf(fixture.repository)).toEqual(before)
    await expectSound(fixture.repository)
  })

  test('but for those that share a pack, which only they together may describe', async () => {
    const first = await snapshotWithIndex(fixture, much(1))
    const second = await snapshotWithIndex(fixture, much(2))
    const kept = await snapshotWithIndex(fixture, much(3))
    const halves = first.packs.map(({ id, blobs }) => ({ id, blobs: blobs.slice(0, Math.ceil(blobs.length / 2)) }))
    await fixture.storage.remove('index', second.file)
    await saveIndex(fixture.repository, [...halves, ...second.packs])
    const before = await contentsOf(fixture.repository)
    await pruneUnlocked(fixture.repository)
    const named = await namedBy(fixture.repository)
    expect(named.has(kept.file as Id)).toBe(true)
    expect([...named.values()].flat().toSorted()).toEqual(
      [first, second, kept].flatMap(({ packs }) => packs.map(({ id }) => id)).toSorted(),
    )
    expect(await contentsOf(fixture.repository)).toEqual(before)
    expect((await check(fixture.repository, { noLock: true })).hints).toEqual([])
    await expectSound(fixture.repository)
  })

  test('but for those that name a pack which goes, however many that are', async () => {
    const kept = await snapshotWithIndex(fixture, much(1))
    const gone = await snapshotWithIndex(fixture, much(2))
    await saveIndex(fixture.repository, [...kept.packs, ...gone.packs])
    await saveIndex(fixture.repository, gone.packs)
    await pruneUnlocked(fixture.repository, { remove: [gone.id] })
    const named = [...(await namedBy(fixture.repository)).values()].flat()
    expect(named.toSorted()).toEqual(kept.packs.map(({ id }) => id).toSorted())
    await expectSound(fixture.repository)
  })

  test.each(['supersedes', 'packs_to_delete'])('but for one with %s', async (key) => {
    const kept = await snapshotWithIndex(fixture, much(1))
    const old = await snapshotWithIndex(fixture, much(2))
    await fixture.storage.remove('index', old.file)
    const json = encodeIndex(old.packs).toString().replace('{"packs"', `{"${key}":[],"packs"`)
    await fixture.repository.saveUnpacked('index', Buffer.from(json))
    await pruneUnlocked(fixture.repository)
    for (const name of await indexNames(fixture.repository)) {
      const text = Buffer.from(await fixture.repository.loadUnpacked('index', name as Id)).toString()
      expect(text).not.toContain(key)
    }
    expect(await indexNames(fixture.repository)).toContain(kept.file)
    await expectSound(fixture.repository)
  })

  test('unless one came while the others were read', async () => {
    const gone = await snapshotWithIndex(fixture, much(1))
    await snapshotWithIndex(fixture, much(2))
    const root = fixture.folder(much(3))
    const late = await fixture.flush({ index: false })
    const plan = await planPrune(
      {
        ...boundTo(fixture.repository),
        loadIndex: () => saveIndex(fixture.repository, late).then(() => fixture.repository.loadIndex()),
      },
      { remove: [gone.id] },
    )
    const before = await everythingIn(fixture.storage)
    await expect(executePrune(fixture.repository, plan)).rejects.toThrow('which should not be there')
    expect(await everythingIn(fixture.storage)).toEqual(before)
    await fixture.snapshotOf(root)
    await expectSound(fixture.repository)
  })
})

/** A repository as an object of its own, of which parts can be replaced. */
function boundTo(repository: OpenRepository): OpenRepository {
  const { storage, config, key, keyId, compression } = repository
  return {
    storage,
    config,
    key,
    keyId,
    compression,
    loadUnpacked: (type, id) => repository.loadUnpacked(type, id),
    saveUnpacked: (type, json) => repository.saveUnpacked(type, json),
    removeUnpacked: (type, id) => repository.removeUnpacked(type, id),
    snapshots: (onDamaged) => repository.snapshots(onDamaged),
    loadSnapshot: (id) => repository.loadSnapshot(id),
    saveSnapshot: (snapshot) => repository.saveSnapshot(snapshot),
    loadIndex: (signal) => repository.loadIndex(signal),
    close: () => repository.close(),
  }
}

test('after a prune of any snapshots each pack is named by one index file, and is there', async () => {
  const content = fc.dictionary(
    fc.constantFrom('a', 'b', 'c'),
    fc.nat(14).map((seed) => noise(1000 * seed, seed)),
    { maxKeys: 3 },
  )
  const snapshots = fc.array(fc.record({ content, again: fc.boolean(), removed: fc.boolean() }), { maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(snapshots, fc.boolean(), async (snapshots, namedTwice) => {
      const fixture = await RepositoryFixture.create()
      const removed: Id[] = []
      for (const { content, again, removed: goes } of snapshots) {
        const { id } = await fixture.snapshot(content, { again })
        if (goes) removed.push(id)
      }
      const { index } = await fixture.repository.loadIndex()
      if (namedTwice) await saveIndex(fixture.repository, [...index.packs()].slice(0, 2))
      const before = await contentsOf(fixture.repository)
      await pruneUnlocked(fixture.repository, { remove: removed })
      const named = [...(await namedBy(fixture.repository)).values()].flat()
      const stored = (await fixture.storage.list('pack')).map(({ name }) => name)
      expect(named.toSorted()).toEqual(stored.toSorted())
      for (const [id, content] of await contentsOf(fixture.repository)) expect(content).toEqual(before.get(id))
      await expectSound(fixture.repository)
    }),
    { numRuns: 40 },
  )
})
