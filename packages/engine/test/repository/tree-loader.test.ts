import { VarveError } from '@varve/platform/errors'
import { describe, expect, test } from 'vitest'
import { TreeLoader } from '../../src/repository/tree-loader.ts'
import type { BlobLocation } from '../../src/repository/blob.ts'
import { idOf, shortId, type Id } from '../../src/repository/id.ts'
import type { IndexedRepository } from '../../src/repository/repository.ts'
import type { TreeEntries } from '../../src/repository/tree-entries.ts'
import { FaultyStorage } from '../../src/storage/faults.ts'
import { aNode } from '../repository/a-node.ts'
import { noise, openFixture, RepositoryFixture } from '../fixtures/repository-fixture.ts'

/** A tree whose blob has about so many bytes, compressed or not. */
function treeOfSize(fixture: RepositoryFixture, bytes: number, seed: number): Id {
  const linkTarget = noise(Math.ceil(bytes * 0.66), seed).toString('base64')
  return fixture.tree([aNode({ name: `link ${seed}`, type: 'symlink', linkTarget })])
}

/** Trees that are read as pieces, with others or by themselves; their names say which of them each is. */
async function treesOfManySizes(fixture: RepositoryFixture): Promise<readonly Id[]> {
  const sizes = [100, 700_000, 300_000, 2_500_000, 50, 400_000, 400_000, 1_000_000, 10]
  const ids = sizes.map((size, seed) => treeOfSize(fixture, size, seed))
  await fixture.flush()
  return ids
}

async function locate(repository: IndexedRepository, id: Id): Promise<BlobLocation> {
  const place = repository.index.lookup('tree', id)
  if (place === undefined) throw new Error('the tree is not in the index')
  return place
}

describe('trees are loaded', () => {
  test('whatever their size, and wherever in a pack they lie', async () => {
    const fixture = await RepositoryFixture.create()
    const ids = await treesOfManySizes(fixture)
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

/** What becomes of trees that are used together: the name of the first entry, or why there are none. */
async function useAll(repository: IndexedRepository, ids: readonly Id[]): Promise<readonly string[]> {
  const told: string[] = []
  await new TreeLoader(repository).useEntries(
    ids,
    (id, entries) => told.push(`${shortId(id)} ${entries.name(0)}`),
    (id, error) => told.push(`${shortId(id)} ${error.code}`),
  )
  return told
}

function unexpected(_: Id, error: Error): never {
  throw error
}

describe('trees are used together', () => {
  test('whatever their size, those that are read by themselves last', async () => {
    const fixture = await RepositoryFixture.create()
    const ids = await treesOfManySizes(fixture)
    const told = await useAll(await fixture.repository.loadIndex(), ids)
    const order = [0, 1, 2, 4, 5, 6, 8, 3, 7]
    expect(told).toEqual(order.map((seed) => `${shortId(ids[seed] ?? idOf(Buffer.of()))} link ${seed}`))
  })

  test('again and again, and at the same time', async () => {
    const fixture = await RepositoryFixture.create()
    const ids = Array.from({ length: 300 }, (_, seed) => treeOfSize(fixture, 100 + seed, seed))
    await fixture.flush()
    const trees = new TreeLoader(await fixture.repository.loadIndex())
    const names = new Map<Id, string>()
    const use = (id: Id, entries: TreeEntries): void => void names.set(id, entries.name(0))
    for (let round = 0; round < 2; round++) {
      names.clear()
      await Promise.all([0, 100, 200].map((from) => trees.useEntries(ids.slice(from, from + 100), use, unexpected)))
      expect(ids.map((id) => names.get(id))).toEqual(ids.map((_, seed) => `link ${seed}`))
    }
  })

  test('but for those that are damaged, gone, unknown or no trees', async () => {
    const fixture = await RepositoryFixture.create()
    const ids = [10, 20, 30].map((size, seed) => treeOfSize(fixture, size, seed))
    const noTree = fixture.blob('tree', Buffer.from('{"nodes":[{"name":"a","type":"file"'))
    await fixture.flush()
    const unknown = idOf(Buffer.of(1))
    const repository = await fixture.repository.loadIndex()
    const [first, damaged, last] = ids
    if (first === undefined || damaged === undefined || last === undefined) throw new Error('there should be three')
    const { pack, offset } = await locate(repository, damaged)
    const bytes = await fixture.storage.load('pack', pack)
    bytes[offset + 20] = (bytes[offset + 20] ?? 0) ^ 1
    await fixture.storage.save('pack', pack, bytes)
    const asked = [unknown, first, damaged, noTree, last]
    expect(await useAll(repository, asked)).toEqual([
      `${shortId(first)} link 0`,
      `${shortId(last)} link 2`,
      `${shortId(unknown)} ERR_VARVE_MISSING_BLOB`,
      `${shortId(damaged)} ERR_VARVE_DAMAGED`,
      `${shortId(noTree)} ERR_VARVE_DAMAGED`,
    ])
    await fixture.storage.remove('pack', pack)
    const gone = asked.map((id) => `${shortId(id)} ERR_VARVE_${id === unknown ? 'MISSING_BLOB' : 'NOT_FOUND'}`)
    expect(await useAll(repository, asked)).toEqual(gone)
  })

  test('from another place where one is damaged', async () => {
    const fixture = await RepositoryFixture.create()
    const { tree } = await fixture.snapshot({ a: 'a' })
    await fixture.snapshot({ a: 'a' }, { again: true })
    const repository = await fixture.repository.loadIndex()
    const { pack, offset } = await locate(repository, tree)
    const bytes = await fixture.storage.load('pack', pack)
    bytes[offset + 20] = (bytes[offset + 20] ?? 0) ^ 1
    await fixture.storage.save('pack', pack, bytes)
    expect(await useAll(repository, [tree])).toEqual([`${shortId(tree)} a`])
  })

  test('until whoever uses them fails, which is no fault of theirs', async () => {
    const fixture = await RepositoryFixture.create()
    const ids = [10, 20].map((size, seed) => treeOfSize(fixture, size, seed))
    await fixture.flush()
    const trees = new TreeLoader(await fixture.repository.loadIndex())
    const failure = new VarveError('ERR_VARVE_DAMAGED', 'does not like it')
    const refuse = (): never => {
      throw failure
    }
    await expect(trees.useEntries(ids, refuse, unexpected)).rejects.toBe(failure)
    const used: Id[] = []
    await trees.useEntries(ids, (id) => used.push(id), unexpected)
    expect(used).toEqual(ids)
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
