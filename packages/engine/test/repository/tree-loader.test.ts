import { describe, expect, test } from 'vitest'
import { TreeLoader } from '../../src/repository/tree-loader.ts'
import type { BlobLocation } from '../../src/repository/blob.ts'
import { idOf, type Id } from '../../src/repository/id.ts'
import type { IndexedRepository } from '../../src/repository/repository.ts'
import { FaultyStorage } from '../../src/storage/faults.ts'
import { aNode } from '../repository/a-node.ts'
import { noise, openFixture, RepositoryFixture } from '../fixtures/repository-fixture.ts'

/** A tree whose blob has about so many bytes, compressed or not. */
function treeOfSize(fixture: RepositoryFixture, bytes: number, seed: number): Id {
  const linkTarget = noise(Math.ceil(bytes * 0.66), seed).toString('base64')
  return fixture.tree([aNode({ name: `link ${seed}`, type: 'symlink', linkTarget })])
}

async function locate(repository: IndexedRepository, id: Id): Promise<BlobLocation> {
  const place = repository.index.lookup('tree', id)
  if (place === undefined) throw new Error('the tree is not in the index')
  return place
}

describe('trees are loaded', () => {
  test('whatever their size, and wherever in a pack they lie', async () => {
    const fixture = await RepositoryFixture.create()
    const sizes = [100, 700_000, 300_000, 2_500_000, 50, 400_000, 400_000, 1_000_000, 10]
    const ids = sizes.map((size, seed) => treeOfSize(fixture, size, seed))
    await fixture.flush()
    const trees = new TreeLoader(await fixture.repository.loadIndex())
    for (const [seed, id] of [...ids.entries(), ...[...ids.entries()].toReversed()]) {
      expect((await trees.load(id)).nodes.map((node) => node.name)).toEqual([`link ${seed}`])
    }
  })

  test('many with a few reads', async () => {
    const fixture = await RepositoryFixture.create()
    const ids = Array.from({ length: 2000 }, (_, seed) => treeOfSize(fixture, 500, seed))
    await fixture.flush()
    const storage = new FaultyStorage(fixture.storage, [])
    const trees = new TreeLoader(await (await openFixture(storage)).loadIndex())
    const before = storage.performed.length
    await Promise.all(ids.map((id) => trees.load(id)))
    const reads = storage.performed.slice(before).filter(({ operation }) => operation === 'load')
    expect(reads.length).toBeLessThanOrEqual(3)
  })

  test('from another place where one is damaged or gone', async () => {
    const fixture = await RepositoryFixture.create()
    const { tree } = await fixture.snapshot({ a: 'a' })
    await fixture.snapshot({ a: 'a' }, { again: true })
    const repository = await fixture.repository.loadIndex()
    const [first, second] = repository.index.lookupAll('tree', tree)
    if (first === undefined || second === undefined) throw new Error('the tree should lie in two places')
    const bytes = await fixture.storage.load('pack', first.pack)
    bytes[first.offset + 20] = (bytes[first.offset + 20] ?? 0) ^ 1
    await fixture.storage.save('pack', first.pack, bytes)
    expect((await new TreeLoader(repository).load(tree)).nodes).toHaveLength(1)

    await fixture.storage.remove('pack', second.pack)
    await expect(new TreeLoader(repository).load(tree)).rejects.toMatchObject({
      message: expect.stringContaining(tree),
    })
    await fixture.storage.remove('pack', first.pack)
    await expect(new TreeLoader(repository).load(tree)).rejects.toMatchObject({ code: 'ERR_VARVE_NOT_FOUND' })
  })
})

describe('a tree is not loaded', () => {
  test('that no index knows', async () => {
    const { repository } = await RepositoryFixture.create()
    const trees = new TreeLoader(await repository.loadIndex())
    await expect(trees.load(idOf(Buffer.of(1)))).rejects.toMatchObject({ code: 'ERR_VARVE_MISSING_BLOB' })
  })

  test.each([
    ['within a tree', (size: number) => size - 800],
    ['between two reads', () => 1 << 20],
    ['before all of them', () => 0],
  ])('from a pack that ends %s', async (_, newSize) => {
    const fixture = await RepositoryFixture.create()
    const ids = [400_000, 500_000, 400_000, 400_000].map((size, seed) => treeOfSize(fixture, size, seed))
    await fixture.flush()
    const repository = await fixture.repository.loadIndex()
    const { pack } = await locate(repository, ids[0] ?? idOf(Buffer.of()))
    const bytes = await fixture.storage.load('pack', pack)
    await fixture.storage.save('pack', pack, bytes.subarray(0, newSize(bytes.length)))
    const outcomes = await Promise.allSettled(ids.map((id) => new TreeLoader(repository).load(id)))
    const failed = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(failed.length).toBeGreaterThan(0)
    for (const { reason } of failed) expect(reason).toMatchObject({ code: 'ERR_VARVE_DAMAGED' })
  })

  test('that is sealed and is no tree', async () => {
    const fixture = await RepositoryFixture.create()
    const id = fixture.blob('tree', Buffer.from('{"nodes":[{"name":"a","type":"file"'))
    await fixture.flush()
    const trees = new TreeLoader(await fixture.repository.loadIndex())
    await expect(trees.load(id)).rejects.toMatchObject({
      code: 'ERR_VARVE_DAMAGED',
      message: expect.stringContaining(id),
    })
  })
})
