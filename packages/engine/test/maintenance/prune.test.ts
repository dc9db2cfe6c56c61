import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { repositoryStatistics } from '../../src/history/statistics.ts'
import type { MaxUnused } from '../../src/maintenance/pack-choice.ts'
import { planPrune } from '../../src/maintenance/prune-plan.ts'
import { executePrune, prune } from '../../src/maintenance/prune.ts'
import type { PackContents } from '../../src/repository/blob.ts'
import { idOf, type Id } from '../../src/repository/id.ts'
import { encodeTree } from '../../src/repository/tree-encoding.ts'
import { FaultyStorage } from '../../src/storage/faults.ts'
import { noise, openFixture, RepositoryFixture, saveIndex, type FolderContent } from '../fixtures/repository-fixture.ts'
import { saveMixedPack } from '../fixtures/mixed-pack.ts'
import { aNode } from '../repository/a-node.ts'
import { contentsOf, everythingIn, expectSound, pruneUnlocked } from './pruned-repository.ts'

const anyFolder: fc.Arbitrary<FolderContent> = fc.letrec<{ entry: FolderContent[string]; folder: FolderContent }>(
  (tie) => ({
    entry: fc.oneof(
      { maxDepth: 2 },
      fc.nat(7).map((seed) => noise(900 * seed, seed)),
      fc.nat(3).map((n) => 'text'.repeat(n * 400)),
      tie('folder'),
    ),
    folder: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('entry'), { maxKeys: 3 }),
  }),
).folder

describe('a prune', () => {
  test('of any snapshots leaves the others as they were, and nothing else', async () => {
    const snapshots = fc.array(fc.record({ folder: anyFolder, again: fc.boolean(), removed: fc.boolean() }), {
      maxLength: 5,
    })
    const maxUnused = fc.constantFrom<MaxUnused>({ percent: 5 }, { percent: 0 }, { bytes: 0 }, 'unlimited')
    await fc.assert(
      fc.asyncProperty(snapshots, maxUnused, fc.constantFrom<1 | 2>(1, 2), async (snapshots, maxUnused, version) => {
        const fixture = await RepositoryFixture.create({ version })
        const removed: Id[] = []
        for (const { folder, again, removed: goes } of snapshots) {
          const { id } = await fixture.snapshot(folder, { again })
          if (goes) removed.push(id)
        }
        const before = await contentsOf(fixture.repository)
        await pruneUnlocked(fixture.repository, { remove: removed, maxUnused })

        const repository = await openFixture(fixture.storage)
        const after = await contentsOf(repository)
        expect([...after.keys()].toSorted()).toEqual(
          [...before.keys()].filter((id) => !removed.includes(id)).toSorted(),
        )
        for (const [id, content] of after) expect(content).toEqual(before.get(id))
        await expectSound(repository)
        const statistics = await repositoryStatistics(await repository.loadIndex(), { unused: true })
        expect(statistics.unusedBytes).toBe(0)
        expect(statistics.duplicateBytes).toBe(0)
      }),
      { numRuns: 40 },
    )
  })

  test('of all snapshots leaves an empty repository', async () => {
    const fixture = await RepositoryFixture.create()
    const { id } = await fixture.snapshot({ a: 'a' })
    const result = await prune(fixture.repository, { remove: [id, id] })
    expect(result).toMatchObject({
      snapshots: [id],
      figures: { packs: 2, packsRemoved: 2, packsKept: 0, usedBytes: 0 },
    })
    for (const type of ['snapshot', 'pack', 'index', 'lock'] as const)
      expect(await fixture.storage.list(type)).toEqual([])
    expect(result.figures.bytesFreed).toBe(result.figures.bytes)
  })

  test('without snapshots to remove cleans up, and does nothing where it is clean', async () => {
    const fixture = await RepositoryFixture.create()
    await fixture.snapshot({ a: noise(2000, 1) })
    fixture.blob('data', noise(500, 2))
    await fixture.flush({ index: false })
    const first = await pruneUnlocked(fixture.repository)
    expect(first.figures).toMatchObject({ packsRemoved: 1, packsKept: 2 })
    await expectSound(fixture.repository)
    const before = await everythingIn(fixture.storage)
    expect((await pruneUnlocked(fixture.repository)).figures).toMatchObject({
      bytesFreed: 0,
      packsRemoved: 0,
      packsRepacked: 0,
    })
    expect(await everythingIn(fixture.storage)).toEqual(before)
  })

  test('says beforehand what it does', async () => {
    const fixture = await RepositoryFixture.create()
    const { id } = await fixture.snapshot({ a: noise(5000, 1), b: noise(5000, 2) })
    await fixture.snapshot({ b: noise(5000, 2) })
    const sizeNow = async (): Promise<number> =>
      (await repositoryStatistics(await fixture.repository.loadIndex())).packBytes
    const before = await sizeNow()
    const planned = await prune(fixture.repository, { remove: [id], dryRun: true, noLock: true })
    const done = await pruneUnlocked(fixture.repository, { remove: [id] })
    expect(planned.figures).toEqual(done.figures)
    expect(planned).toMatchObject({ packsWritten: 0, bytesWritten: 0, snapshots: [id] })
    expect(done).toMatchObject({
      packsWritten: 1,
      figures: { packs: 3, bytes: before, packsRepacked: 1, packsRemoved: 1 },
    })
    const after = await sizeNow()
    // What a header takes for the blobs that are gone is not counted.
    expect(before - after - done.figures.bytesFreed).toBeGreaterThanOrEqual(0)
    expect(before - after - done.figures.bytesFreed).toBeLessThan(1000)
  })

  test('changes nothing in a dry run', async () => {
    const fixture = await RepositoryFixture.create()
    const { id } = await fixture.snapshot({ a: noise(5000, 1) })
    await fixture.snapshot({ b: noise(5000, 2) })
    const before = await everythingIn(fixture.storage)
    const storage = new FaultyStorage(fixture.storage, [])
    await prune(await openFixture(storage), { remove: [id], dryRun: true, noLock: true })
    expect(await everythingIn(fixture.storage)).toEqual(before)
    expect(storage.performed.filter(({ operation }) => operation === 'save' || operation === 'remove')).toEqual([])
  })

  test('removes a snapshot that cannot be read', async () => {
    const fixture = await RepositoryFixture.create()
    const broken = await fixture.snapshot({ a: 'a' })
    await fixture.snapshot({ b: 'b' })
    await fixture.storage.save('snapshot', broken.id, Buffer.of(1))
    await pruneUnlocked(fixture.repository, { remove: [broken.id] })
    await expectSound(fixture.repository)
    expect(await fixture.repository.snapshots()).toHaveLength(1)
  })

  test('keeps blobs sealed as they were, and packs folders and content apart', async () => {
    const fixture = await RepositoryFixture.create()
    const { id } = await fixture.snapshot({ a: noise(3000, 1), folder: { b: noise(3000, 2) }, c: 'c' })
    await fixture.snapshot({ folder: { b: noise(3000, 2) } })
    await pruneUnlocked(fixture.repository, { remove: [id], maxUnused: { percent: 0 } })
    const { index } = await fixture.repository.loadIndex()
    for (const { blobs } of index.packs()) expect(new Set(blobs.map((blob) => blob.type)).size).toBe(1)
    await expectSound(fixture.repository)
  })

  test('takes mixed packs apart, and compresses folders', async () => {
    const fixture = await RepositoryFixture.create()
    const content = Buffer.from('content')
    const tree = encodeTree([aNode({ name: 'z', type: 'symlink', linkTarget: 'somewhere' })])
    const pack = await saveMixedPack(fixture.repository, [
      { type: 'data', bytes: content },
      { type: 'tree', bytes: tree },
    ])
    await saveIndex(fixture.repository, [pack])
    const root = fixture.tree([
      aNode({ name: 'a', type: 'file', size: 7n, content: [idOf(content)] }),
      aNode({ name: 'b', type: 'dir', subtree: idOf(tree) }),
    ])
    await fixture.flush()
    await fixture.snapshotOf(root)
    const before = await contentsOf(fixture.repository)
    await pruneUnlocked(fixture.repository, { maxUnused: 'unlimited' })
    const { index } = await fixture.repository.loadIndex()
    expect(index.packIds()).not.toContain(pack.id)
    expect(index.lookup('tree', idOf(tree))?.uncompressedLength).toBe(tree.length)
    expect(await contentsOf(fixture.repository)).toEqual(before)
    await expectSound(fixture.repository)
  })

  test('compresses what is not, if told to', async () => {
    const fixture = await RepositoryFixture.create({ compression: 'off' })
    await fixture.snapshot({ a: 'text'.repeat(2000) })
    const ratio = async (): Promise<number> => {
      const { data } = await repositoryStatistics(await fixture.repository.loadIndex())
      return data.bytes / data.storedBytes
    }
    expect(await ratio()).toBeLessThan(1)
    await pruneUnlocked(await openFixture(fixture.storage), { repackUncompressed: true })
    expect(await ratio()).toBeGreaterThan(5)
    await expectSound(fixture.repository)
  })

  test('forgets packs that are gone and that nobody needs', async () => {
    const fixture = await RepositoryFixture.create()
    await fixture.snapshot({ a: noise(1000, 1) })
    fixture.blob('data', noise(500, 2))
    const [pack] = await fixture.flush()
    await fixture.storage.remove('pack', String(pack?.id))
    await pruneUnlocked(fixture.repository)
    await expectSound(fixture.repository)
    expect((await fixture.repository.loadIndex()).index.packIds()).not.toContain(pack?.id)
  })

  test('uses the copy that is left where a pack is gone or cut off', async () => {
    const fixture = await RepositoryFixture.create()
    const content = { a: noise(3000, 1) }
    const first = await fixture.snapshot(content)
    await fixture.snapshot(content, { again: true })
    const { index } = await fixture.repository.loadIndex()
    const [place] = index.lookupAll('data', idOf(noise(3000, 1).subarray(0, 1000)))
    const [treePlace] = index.lookupAll('tree', first.tree)
    const cut = (await fixture.storage.load('pack', String(place?.pack))).subarray(0, 100)
    await fixture.storage.save('pack', String(place?.pack), cut)
    await fixture.storage.remove('pack', String(treePlace?.pack))
    const before = await contentsOf(fixture.repository)
    await pruneUnlocked(fixture.repository)
    await expectSound(fixture.repository)
    expect(await contentsOf(fixture.repository)).toEqual(before)
  })

  test('writes one index for what several said', async () => {
    const fixture = await RepositoryFixture.create()
    for (let i = 0; i < 6; i++) await fixture.snapshot({ a: noise(1000, i) })
    const [first] = await fixture.repository.snapshots()
    await pruneUnlocked(fixture.repository, { remove: first === undefined ? [] : [first.id] })
    expect(await fixture.storage.list('index')).toHaveLength(1)
  })

  test('removes nothing where an index appears meanwhile', async () => {
    const fixture = await RepositoryFixture.create()
    const { id } = await fixture.snapshot({ a: 'a' })
    await fixture.snapshot({ b: 'b' })
    const plan = await planPrune(fixture.repository, { remove: [id] })
    const imaginary: PackContents = { id: idOf(Buffer.of(1)), blobs: [] }
    const [late] = await saveIndex(fixture.repository, [imaginary])
    const before = await everythingIn(fixture.storage)
    await expect(executePrune(fixture.repository, plan)).rejects.toMatchObject({
      code: 'ERR_VARVE_STORAGE',
      message: expect.stringContaining(`lists index ${late}`),
    })
    expect(await everythingIn(fixture.storage)).toEqual(before)
  })

  test('removes nothing where a snapshot appears meanwhile', async () => {
    const fixture = await RepositoryFixture.create()
    const { id } = await fixture.snapshot({ a: 'a' })
    const plan = await planPrune(fixture.repository, { remove: [id] })
    const late = await fixture.snapshotOf(fixture.folder({}))
    const before = await everythingIn(fixture.storage)
    await expect(executePrune(fixture.repository, plan)).rejects.toThrow(`lists snapshot ${late.id}`)
    expect(await everythingIn(fixture.storage)).toEqual(before)
  })

  test('says how far it is, and stops when it is told to', async () => {
    const fixture = await RepositoryFixture.create()
    const { id } = await fixture.snapshot({ a: noise(3000, 1), b: 'b' })
    await fixture.snapshot({ b: 'b' })
    const before = await contentsOf(fixture.repository)
    for (const stopAt of ['finding what is needed', 'removing snapshots', 'writing packs anew', 'writing indexes']) {
      const controller = new AbortController()
      const onProgress = ({ phase }: { phase: string }): void => {
        if (phase === stopAt) controller.abort()
      }
      const stopped = prune(fixture.repository, {
        remove: (await fixture.storage.stat('snapshot', id)) ? [id] : [],
        signal: controller.signal,
        onProgress,
      })
      await expect(stopped).rejects.toMatchObject({ code: 'ERR_VARVE_ABORTED' })
      expect(await fixture.storage.list('lock')).toEqual([])
    }
    await prune(fixture.repository)
    await expectSound(fixture.repository)
    for (const [snapshot, content] of await contentsOf(fixture.repository))
      expect(content).toEqual(before.get(snapshot))
  })
})
