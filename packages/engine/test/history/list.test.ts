import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { listSnapshots, type SnapshotList } from '../../src/history/list.ts'
import { TreeLoader } from '../../src/repository/tree-loader.ts'
import { walkTree } from '../../src/history/walk-tree.ts'
import { plainLength } from '../../src/repository/blob.ts'
import { idOf, type Id } from '../../src/repository/id.ts'
import type { IndexedRepository } from '../../src/repository/repository.ts'
import { parseTimestamp, type Timestamp } from '../../src/repository/timestamp.ts'
import { FaultyStorage } from '../../src/storage/faults.ts'
import { aNode } from '../repository/a-node.ts'
import { noise, openFixture, RepositoryFixture, type FolderContent } from '../fixtures/repository-fixture.ts'

/** A folder of a few files and folders, each of a few contents, so that much of it is shared. */
const anyFolder: fc.Arbitrary<FolderContent> = fc.letrec<{ entry: FolderContent[string]; folder: FolderContent }>(
  (tie) => ({
    entry: fc.oneof(
      { maxDepth: 2 },
      fc.nat(5).map((seed) => noise(700 * seed, seed)),
      tie('folder'),
    ),
    folder: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('entry'), { maxKeys: 3 }),
  }),
).folder

function sizesOf(list: SnapshotList): readonly (readonly [number | undefined, number | undefined])[] {
  return list.rows.map((row) => [row.size, row.distinctSize])
}

/** The content of a snapshot, blob by blob, and the size of all files, found out the slow way. */
async function contentOf(repository: IndexedRepository, root: Id): Promise<{ blobs: Set<Id>; size: number }> {
  const blobs = new Set<Id>()
  let size = 0
  for await (const { tree } of walkTree(new TreeLoader(repository), root)) {
    for (const node of tree.nodes) {
      size += Number(node.size)
      for (const id of node.content ?? []) blobs.add(id)
    }
  }
  return { blobs, size }
}

function unionOf(contents: readonly { readonly blobs: Set<Id> }[]): Set<Id> {
  return contents.reduce((union, { blobs }) => union.union(blobs), new Set<Id>())
}

function dayOf(day: number): Timestamp {
  return parseTimestamp(`2024-01-0${day}T00:00:00Z`)
}

describe('sizes', () => {
  test('are as the first example of a list has them', async () => {
    const fixture = await RepositoryFixture.create()
    await fixture.snapshot({ a: noise(100, 1), b: noise(56, 2) })
    await fixture.snapshot({ a: noise(100, 1), b: noise(42, 3), c: noise(30, 4) })
    const list = await listSnapshots(fixture.repository, { sizes: 'first-added' })
    expect(sizesOf(list)).toEqual([
      [156, 156],
      [172, 72],
    ])
    expect(list.total).toBe(228)
    expect(sizesOf(await listSnapshots(fixture.repository, { sizes: 'freed' }))).toEqual([
      [156, 56],
      [172, 72],
    ])
  })

  test('are what looking at each snapshot alone tells', async () => {
    const folders = fc.array(anyFolder, { minLength: 1, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(folders, async (folders) => {
        const fixture = await RepositoryFixture.create()
        for (const folder of folders) await fixture.snapshot(folder)
        const repository = await fixture.repository.loadIndex()
        const contents: { blobs: Set<Id>; size: number }[] = []
        for (const { tree } of await repository.snapshots()) contents.push(await contentOf(repository, tree))
        const bytesOf = (ids: Iterable<Id>): number => [...ids].reduce((sum, id) => sum + sizeOf(repository, id), 0)

        const added = await listSnapshots(repository, { sizes: 'first-added' })
        const freed = await listSnapshots(repository, { sizes: 'freed' })
        for (const [i, { blobs, size }] of contents.entries()) {
          const first = blobs.difference(unionOf(contents.slice(0, i)))
          const own = blobs.difference(unionOf(contents.toSpliced(i, 1)))
          expect(added.rows[i]).toMatchObject({ number: i + 1, size, distinctSize: bytesOf(first) })
          expect(freed.rows[i]).toMatchObject({ number: i + 1, size, distinctSize: bytesOf(own) })
        }
        expect(added.total).toBe(bytesOf(unionOf(contents)))
        expect(freed.total).toBe(added.total)
      }),
      { numRuns: 60 },
    )
  })

  test('count a file with several names once in a snapshot, wherever they are', async () => {
    const fixture = await RepositoryFixture.create()
    const linked = { links: 3n, inode: 7n, deviceId: 1n }
    const link = (name: string) => fixture.file(name, noise(1000, 1), linked)
    await fixture.snapshot({ a: link, b: link, folder: { c: link }, same: { c: link } })
    await fixture.snapshot({
      a: link,
      other: (name) => fixture.file(name, noise(1000, 1), { ...linked, inode: 8n }),
      device: (name) => fixture.file(name, noise(1000, 1), { ...linked, deviceId: 2n }),
    })
    await fixture.snapshot({ a: (name) => fixture.file(name, noise(1000, 1), { links: 0n }), b: 'x'.repeat(1000) })
    const list = await listSnapshots(fixture.repository, { sizes: 'first-added' })
    expect(list.rows.map((row) => row.size)).toEqual([1000, 3000, 2000])
  })

  test('of folders that repeat without end are found at once', async () => {
    const fixture = await RepositoryFixture.create()
    let tree = fixture.tree([fixture.file('file', 'x')])
    for (let i = 0; i < 45; i++) {
      tree = fixture.tree(['a', 'b'].map((name) => aNode({ name, type: 'dir', subtree: tree })))
    }
    await fixture.flush()
    await fixture.snapshotOf(tree)
    for (const sizes of ['first-added', 'freed'] as const) {
      expect(sizesOf(await listSnapshots(fixture.repository, { sizes }))).toEqual([[2 ** 45, 1]])
    }
  })

  test('of folders deeper than any stack are found', async () => {
    const fixture = await RepositoryFixture.create()
    let tree = fixture.tree([fixture.file('file', 'x')])
    for (let i = 0; i < 12_000; i++) tree = fixture.tree([aNode({ name: 'd', type: 'dir', subtree: tree })])
    await fixture.flush()
    await fixture.snapshotOf(tree)
    expect(sizesOf(await listSnapshots(fixture.repository, { sizes: 'first-added' }))).toEqual([[1, 1]])
  })

  test('cost little for snapshots that have most in common', async () => {
    const fixture = await RepositoryFixture.create()
    const common = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`folder ${i}`, { file: noise(100, i) }]))
    for (let i = 0; i < 20; i++) await fixture.snapshot({ ...common, new: noise(10, 1000 + i) })
    const storage = new FaultyStorage(fixture.storage, [])
    const list = await listSnapshots(await openFixture(storage), { sizes: 'freed' })
    expect(list.rows.map((row) => row.distinctSize)).toEqual(Array.from({ length: 20 }, () => 10))
    const reads = storage.performed.filter(({ operation, type }) => operation === 'load' && type === 'pack')
    expect(reads).toHaveLength(20)
  })
})

describe('what cannot be read', () => {
  test('leaves sizes unknown, and only those', async () => {
    const fixture = await RepositoryFixture.create()
    const gone = idOf(Buffer.of(1))
    const broken = (): ReturnType<typeof aNode> => aNode({ name: 'broken', type: 'dir', subtree: gone })
    await fixture.snapshot({ a: noise(10, 1) })
    await fixture.snapshot({ a: noise(10, 1), broken, b: noise(20, 2) })
    await fixture.snapshot({ inner: { broken } })
    await fixture.snapshot({ a: noise(10, 1), b: noise(20, 2) })
    const list = await listSnapshots(fixture.repository, { sizes: 'first-added' })
    expect(sizesOf(list)).toEqual([
      [10, 10],
      [undefined, undefined],
      [undefined, undefined],
      [30, 0],
    ])
    expect(list.total).toBe(30)
    expect(list.problems).toEqual([expect.stringContaining(gone)])
  })

  test('is said where it is content', async () => {
    const fixture = await RepositoryFixture.create()
    const gone = idOf(Buffer.of(2))
    await fixture.snapshot({ a: (name) => aNode({ name, type: 'file', size: 9n, links: 1n, content: [gone] }) })
    const list = await listSnapshots(fixture.repository, { sizes: 'freed' })
    expect(sizesOf(list)).toEqual([[9, 0]])
    expect(list.problems).toEqual([expect.stringContaining(gone)])
  })

  test('is named where it is a snapshot: the others are listed without numbers', async () => {
    const fixture = await RepositoryFixture.create()
    await fixture.snapshot({ a: noise(10, 1) })
    const { id } = await fixture.snapshot({ a: noise(20, 2) })
    await fixture.snapshot({ a: noise(30, 3) })
    await fixture.storage.save('snapshot', id, Buffer.from('bad'))
    for (const sizes of ['first-added', 'freed'] as const) {
      const list = await listSnapshots(fixture.repository, { sizes })
      expect(list.rows.map(({ number }) => number)).toEqual([undefined, undefined])
      // What the damaged one holds could be anything.
      expect(sizesOf(list)).toEqual([
        [10, undefined],
        [30, undefined],
      ])
      expect(list.total).toBeUndefined()
      expect(list.damaged).toEqual([
        expect.objectContaining({ code: 'ERR_VARVE_DAMAGED', message: expect.stringContaining(id) }),
      ])
    }
  })

  test('leaves all sizes unknown where it is an index', async () => {
    const fixture = await RepositoryFixture.create()
    await fixture.snapshot({ a: noise(10, 1) })
    const [index] = await fixture.storage.list('index')
    await fixture.storage.save('index', index?.name ?? '', Buffer.from('bad'))
    const list = await listSnapshots(fixture.repository, { sizes: 'first-added' })
    expect(list.rows.map(({ number }) => number)).toEqual([1])
    expect(sizesOf(list)).toEqual([[undefined, undefined]])
    expect(list.problems).toEqual([expect.stringContaining(index?.name ?? '')])
    expect(list.damaged).toEqual([])
  })
})

describe('a list', () => {
  test('numbers all snapshots by time and shows those that were asked for', async () => {
    const fixture = await RepositoryFixture.create()
    const tree = idOf(Buffer.of(1))
    for (const [day, hostname] of [
      [3, 'one'],
      [1, 'two'],
      [2, 'one'],
      [4, 'two'],
    ] as const) {
      await fixture.snapshotOf(tree, { time: dayOf(day), hostname })
    }
    const numbers = async (options: Parameters<typeof listSnapshots>[1]): Promise<readonly string[]> =>
      (await listSnapshots(fixture.repository, options)).rows.map((row) => `${row.number} ${row.snapshot.hostname}`)
    expect(await numbers({})).toEqual(['1 two', '2 one', '3 one', '4 two'])
    expect(await numbers({ filter: { hosts: ['one'] } })).toEqual(['2 one', '3 one'])
    expect(await numbers({ latest: 1 })).toEqual(['3 one', '4 two'])
    expect(await numbers({ filter: { hosts: ['two'] }, latest: 1 })).toEqual(['4 two'])
  })

  test('takes sizes from summaries when it is not to measure', async () => {
    const fixture = await RepositoryFixture.create()
    const zero = { filesNew: 0, filesChanged: 0, filesUnmodified: 0, dirsNew: 0, dirsChanged: 0, dirsUnmodified: 0 }
    const summary = {
      ...zero,
      backupStart: dayOf(1),
      backupEnd: dayOf(1),
      dataBlobs: 0,
      treeBlobs: 0,
      dataAdded: 0,
      dataAddedPacked: 0,
      totalFilesProcessed: 3,
      totalBytesProcessed: 4711,
    }
    await fixture.snapshotOf(idOf(Buffer.of(1)), { summary })
    await fixture.snapshotOf(idOf(Buffer.of(1)))
    const list = await listSnapshots(fixture.repository)
    expect(sizesOf(list)).toEqual([
      [4711, undefined],
      [undefined, undefined],
    ])
    expect(list.total).toBeUndefined()
  })

  test('is empty where there are no snapshots', async () => {
    const { repository } = await RepositoryFixture.create()
    expect(await listSnapshots(repository, { sizes: 'first-added' })).toEqual({
      rows: [],
      total: 0,
      problems: [],
      damaged: [],
    })
  })
})

function sizeOf({ index }: IndexedRepository, id: Id): number {
  const place = index.lookup('data', id)
  return place === undefined ? 0 : plainLength(place)
}
