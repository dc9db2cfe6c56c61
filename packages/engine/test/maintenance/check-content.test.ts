import { beforeAll, describe, expect, test } from 'vitest'
import { check } from '../../src/maintenance/check.ts'
import type { PackContents } from '../../src/repository/blob.ts'
import { idOf, type Id } from '../../src/repository/id.ts'
import { encodeIndex } from '../../src/repository/index-file.ts'
import { noise, openFixture, RepositoryFixture, saveIndex } from '../fixtures/repository-fixture.ts'
import { aNode } from '../repository/a-node.ts'
import { CHANGES, changeBytes, CheckedRepository, flipBit, kindsOf, replacePack } from './checked-repository.ts'

let checked: CheckedRepository
beforeAll(async () => {
  checked = await CheckedRepository.create()
})

describe('files that are concerned are named', () => {
  test('for a blob, in all snapshots that need it and in no other', async () => {
    const [blob] = checked.dataPack.blobs
    if (blob === undefined) throw new Error('there should be a blob')
    const flip = (bytes: Uint8Array): Uint8Array => flipBit(bytes, (blob.offset + 30) * 8)
    const result = await checked.checkAfter((storage) => changeBytes(storage, 'pack', checked.dataPack.id, flip), {
      readData: true,
    })
    expect(result.problems.map(({ kind }) => kind)).toEqual(['damaged-pack', 'damaged-blob'])
    expect(result.problems[1]).toMatchObject({
      pack: checked.dataPack.id,
      blob: { type: 'data', id: blob.id },
      affected: {
        paths: [
          { snapshot: checked.first.id, path: '/a' },
          { snapshot: checked.second.id, path: '/a' },
        ],
        total: 2,
        more: false,
      },
    })
  })

  test('for a pack that is too short, by what lies beyond its end', async () => {
    const last = checked.dataPack.blobs.at(-1)
    if (last === undefined) throw new Error('there should be a blob')
    const cut = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, last.offset + 5)
    const result = await checked.checkAfter((storage) => changeBytes(storage, 'pack', checked.dataPack.id, cut))
    expect(result.problems).toMatchObject([
      {
        kind: 'wrong-pack-size',
        pack: checked.dataPack.id,
        actual: last.offset + 5,
        affected: { paths: [{ path: '/folder/deep/c' }], total: 1 },
      },
    ])
  })

  test('not while the content lies elsewhere too', async () => {
    const twice = await RepositoryFixture.create()
    await twice.snapshot({ a: noise(500, 1), folder: {} })
    await twice.snapshot({ a: noise(500, 1), folder: {} }, { again: true })
    const repository = await twice.repository.loadIndex()
    for (const pack of [...repository.index.packs()].slice(0, 2))
      await changeBytes(twice.storage, 'pack', pack.id, CHANGES['zeros in it'])
    const { problems, hints } = await check(twice.repository, { readData: true, noLock: true })
    expect(problems.length).toBeGreaterThan(2)
    for (const problem of problems) expect(problem).toMatchObject({ affected: { total: 0 } })
    expect(hints).toMatchObject([{ kind: 'duplicate-blobs', count: 3 }])
  })

  test('up to a hundred, and counted beyond', async () => {
    const many = await RepositoryFixture.create()
    const copies = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`file ${i}`, 'same']))
    await many.snapshot({ one: copies, other: copies })
    const { index } = await many.repository.loadIndex()
    const place = index.lookup('data', idOf(Buffer.from('same')))
    await many.storage.remove('pack', String(place?.pack))
    const [problem] = (await check(many.repository, { noLock: true })).problems
    expect(problem).toMatchObject({ kind: 'missing-pack', affected: { total: 600, more: false } })
    expect(problem?.kind === 'missing-pack' && problem.affected.paths.length).toBe(100)
  })
})

describe('folders that make no sense are found', () => {
  const odd: Record<string, (f: RepositoryFixture) => Id> = {
    'a file without a list of content': (f) => f.tree([aNode({ name: 'x', type: 'file', content: null })]),
    'a folder without a tree': (f) => f.tree([aNode({ name: 'x', type: 'dir' })]),
    'an entry of no known type': (f) => f.blob('tree', Buffer.from('{"nodes":[{"name":"x","type":"thing"}]}\n')),
    'an irregular entry': (f) => f.tree([aNode({ name: 'x', type: 'irregular' })]),
    'an entry without a name': (f) =>
      f.blob('tree', Buffer.from('{"nodes":[{"name":"","type":"file","content":[]}]}\n')),
    'no JSON': (f) => f.blob('tree', Buffer.from('{"nodes":[{')),
    'nothing at all': (f) => f.blob('tree', Buffer.from('')),
  }
  test.each(Object.entries(odd))('with %s', async (_, make) => {
    const f = await RepositoryFixture.create()
    const bad = make(f)
    const root = f.tree([
      aNode({ name: 'bad', type: 'dir', subtree: bad }),
      aNode({ name: 'good', type: 'dir', subtree: f.folder({}) }),
    ])
    await f.flush()
    const { id } = await f.snapshotOf(root)
    const { problems } = await check(f.repository, { noLock: true })
    expect(problems).toMatchObject([
      { kind: 'damaged-tree', tree: bad, affected: { paths: [{ snapshot: id, path: '/bad/' }], total: 1 } },
    ])
    expect(problems[0]?.message).toContain(bad)
  })

  test('with content or folders that are nowhere', async () => {
    const f = await RepositoryFixture.create()
    const [data, tree] = ['0'.repeat(64) as Id, idOf(Buffer.of(2))]
    const { id } = await f.snapshot({
      a: (name) => aNode({ name, type: 'file', content: [data, data] }),
      b: (name) => aNode({ name, type: 'dir', subtree: tree }),
      c: { d: (name) => aNode({ name, type: 'file', content: [data] }) },
    })
    const { problems } = await check(f.repository, { noLock: true })
    expect(problems).toMatchObject([
      {
        kind: 'missing-blob',
        blob: { type: 'data', id: data },
        affected: { paths: [{ path: '/a' }, { path: '/c/d' }], total: 2 },
      },
      {
        kind: 'missing-blob',
        blob: { type: 'tree', id: tree },
        affected: { paths: [{ snapshot: id, path: '/b/' }], total: 1 },
      },
    ])
  })
})

describe('indexes', () => {
  test('that say the same about a pack are a hint', async () => {
    const result = await checked.checkAfter(
      async (storage) => void (await saveIndex(await openFixture(storage), [checked.dataPack])),
    )
    expect(result.problems).toEqual([])
    expect(result.hints).toMatchObject([{ kind: 'duplicate-pack-entries', pack: checked.dataPack.id }])
  })

  test.each<[string, (pack: PackContents) => PackContents]>([
    ['fewer blobs', (pack) => ({ ...pack, blobs: pack.blobs.slice(1) })],
    [
      'another place',
      (pack) => ({ ...pack, blobs: pack.blobs.map((blob, i) => ({ ...blob, offset: blob.offset + i })) }),
    ],
    ['another blob', (pack) => ({ ...pack, blobs: pack.blobs.with(0, { ...packBlob(pack), id: idOf(Buffer.of(9)) }) })],
  ])('that differ about a pack are a problem: %s', async (_, change) => {
    const result = await checked.checkAfter(
      async (storage) => void (await saveIndex(await openFixture(storage), [change(checked.dataPack)])),
    )
    expect(kindsOf(result)).toContain('conflicting-indexes')
  })

  test.each<[string, (pack: PackContents) => PackContents['blobs']]>([
    ['names a blob less', (pack) => pack.blobs.slice(0, -1)],
    [
      'has a wrong length after decompression',
      (pack) => pack.blobs.with(0, { ...packBlob(pack), uncompressedLength: 999 }),
    ],
    ["has two blobs in each other's place", (pack) => swapped(pack)],
  ])("that do not agree with a pack's header are a problem: it %s", async (_, change) => {
    const result = await checked.checkAfter(
      async (storage) => {
        await replacePack(
          storage,
          checked.dataPack,
          await storage.load('pack', checked.dataPack.id),
          change(checked.dataPack),
        )
      },
      { readData: true },
    )
    expect(kindsOf(result)).toContain('damaged-pack')
  })

  test('that cannot be decoded are a problem, though sealed well', async () => {
    const result = await checked.checkAfter(async (storage) => {
      const repository = await openFixture(storage)
      await repository.saveUnpacked('index', Buffer.from('{"packs":[{"id":"short","blobs":[]}]}'))
      await repository.saveUnpacked('index', encodeIndex([]).subarray(2))
    })
    expect(result.problems.map(({ kind }) => kind)).toEqual(['damaged-index', 'damaged-index'])
  })
})

function packBlob(pack: PackContents): PackContents['blobs'][number] {
  const [blob] = pack.blobs
  if (blob === undefined) throw new Error('there should be a blob')
  return blob
}

function swapped({ blobs }: PackContents): PackContents['blobs'] {
  const [a, b, ...others] = blobs
  if (a === undefined || b === undefined) throw new Error('there should be two blobs')
  return [{ ...a, id: b.id }, { ...b, id: a.id }, ...others]
}
