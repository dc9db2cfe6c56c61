import * as fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { check, type CheckOptions } from '../../src/maintenance/check.ts'
import type { CheckResult } from '../../src/maintenance/check-report.ts'
import type { BlobType, PackContents } from '../../src/repository/blob.ts'
import { idOf, type Id } from '../../src/repository/id.ts'
import { encodeIndex } from '../../src/repository/index-file.ts'
import type { Node } from '../../src/repository/node.ts'
import type { StoredSnapshot } from '../../src/repository/snapshot.ts'
import type { MemoryStorage } from '../../src/storage/memory.ts'
import type { FileType, Storage } from '../../src/storage/storage.ts'
import { copyStorage, noise, openFixture, RepositoryFixture, saveIndex } from '../fixtures/repository-fixture.ts'
import { aNode } from '../repository/a-node.ts'

let fixture: RepositoryFixture
let first: StoredSnapshot
let second: StoredSnapshot
/** By what is in them. */
let dataPack: PackContents
let treePack: PackContents

beforeAll(async () => {
  fixture = await RepositoryFixture.create()
  first = await fixture.snapshot({ a: noise(2500, 1), folder: { b: 'text'.repeat(800), deep: { c: noise(900, 2) } } })
  second = await fixture.snapshot({ a: noise(2500, 1), folder: { b: 'text'.repeat(800), deep: { c: noise(950, 3) } } })
  await fixture.storage.save('key', idOf(Buffer.of(7)), Buffer.of(7))
  dataPack = await packOf('data', (await nodesOf(first.tree))[0]?.content?.[0])
  treePack = await packOf('tree', first.tree)
})

async function nodesOf(tree: Id): Promise<readonly Node[]> {
  return (await (await fixture.repository.loadIndex()).loadTree(tree)).nodes
}

async function packOf(type: BlobType, id: Id | undefined): Promise<PackContents> {
  const { index } = await fixture.repository.loadIndex()
  const place = id === undefined ? undefined : index.lookup(type, id)
  const pack = place === undefined ? undefined : index.pack(place.pack)
  if (pack === undefined) throw new Error(`there should be a pack with that ${type} blob`)
  return pack
}

/** Checks a copy of the fixture that something was done to. */
async function checkAfter(
  change: (storage: MemoryStorage) => Promise<void>,
  options: CheckOptions = {},
): Promise<CheckResult> {
  const storage = await copyStorage(fixture.storage)
  const repository = await openFixture(storage)
  await change(storage)
  return check(repository, { noLock: true, ...options })
}

function kindsOf(result: CheckResult): readonly string[] {
  return [...new Set(result.problems.map((problem) => problem.kind))].toSorted()
}

async function changeBytes(
  storage: Storage,
  type: FileType,
  name: string,
  change: (bytes: Uint8Array) => Uint8Array,
): Promise<void> {
  await storage.save(type, name, change(await storage.load(type, name)))
}

function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = Uint8Array.from(bytes)
  flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return flipped
}

const CHANGES = {
  'a bit flipped at its start': (bytes: Uint8Array) => flipBit(bytes, 3),
  'a bit flipped in its middle': (bytes: Uint8Array) => flipBit(bytes, bytes.length * 4),
  'a bit flipped at its end': (bytes: Uint8Array) => flipBit(bytes, bytes.length * 8 - 1),
  'its last byte cut off': (bytes: Uint8Array) => bytes.subarray(0, -1),
  'half of it cut off': (bytes: Uint8Array) => bytes.subarray(0, bytes.length / 2),
  'a byte appended': (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.of(0)]),
  'nothing in it': () => new Uint8Array(0),
  'zeros in it': (bytes: Uint8Array) => new Uint8Array(bytes.length),
} as const

describe('on a sound repository nothing is found', () => {
  test.each([1, 2] as const)('of version %i', async (version) => {
    const sound = await RepositoryFixture.create({ version })
    await sound.snapshot({ a: noise(3000, 1), b: 'text'.repeat(900), empty: '', folder: { none: {} } })
    await sound.snapshot({ a: noise(3000, 1), link: (name) => aNode({ name, type: 'symlink', linkTarget: 'a' }) })
    const result = await check(sound.repository, { readData: true })
    expect(result).toMatchObject({ problems: [], hints: [] })
    expect(result.counts).toMatchObject({
      snapshots: 2,
      indexes: 2,
      packs: 3,
      trees: 4,
      dataBlobs: 5,
      blobs: 9,
      packsRead: 3,
    })
    expect(await sound.storage.list('lock')).toEqual([])
  })

  test('that is empty', async () => {
    const { repository } = await RepositoryFixture.create()
    expect(await check(repository, { readData: true, noLock: true })).toMatchObject({ problems: [], hints: [] })
  })
})

describe('damage is found', () => {
  const names: Record<string, () => { type: FileType; name: string; kind: string }> = {
    'the config': () => ({ type: 'config', name: '', kind: 'damaged-config' }),
    'the key': () => ({ type: 'key', name: fixture.repository.keyId, kind: 'damaged-key' }),
    'another key': () => ({ type: 'key', name: idOf(Buffer.of(7)), kind: 'damaged-key' }),
    'a snapshot': () => ({ type: 'snapshot', name: second.id, kind: 'damaged-snapshot' }),
  }
  for (const [what, object] of Object.entries(names)) {
    test.each(Object.entries(CHANGES))(`in ${what} with %s`, async (_, change) => {
      const { type, name, kind } = object()
      const result = await checkAfter((storage) => changeBytes(storage, type, name, change))
      expect(kindsOf(result)).toEqual([kind])
      expect(result.problems[0]?.message).toContain(name)
    })
  }

  test.each(Object.entries(CHANGES))('in an index with %s, and what is missing for it', async (_, change) => {
    const [index] = await fixture.storage.list('index')
    const result = await checkAfter((storage) => changeBytes(storage, 'index', String(index?.name), change))
    expect(kindsOf(result)).toEqual(['damaged-index', 'missing-blob'])
    expect(result.problems[0]?.message).toContain(index?.name)
  })

  test.each(Object.entries(CHANGES))('in a pack of folders with %s', async (_, change) => {
    const result = await checkAfter((storage) => changeBytes(storage, 'pack', treePack.id, change), { readData: true })
    expect(kindsOf(result)).toContain('damaged-pack')
    expect(result.problems.every(({ message }) => message.includes(treePack.id.slice(0, 8)))).toBe(true)
  })

  test.each(Object.entries(CHANGES))('in a pack of content with %s', async (_, change) => {
    const result = await checkAfter((storage) => changeBytes(storage, 'pack', dataPack.id, change), { readData: true })
    expect(kindsOf(result)).toContain('damaged-pack')
    expect(result.problems.every(({ message }) => message.includes(dataPack.id))).toBe(true)
  })

  test('wherever a single bit of anything is flipped', async () => {
    const objects: { type: FileType; name: string; size: number }[] = []
    for (const type of ['config', 'key', 'snapshot', 'index', 'pack'] as const) {
      const files = type === 'config' ? [await fixture.storage.stat('config', '')] : await fixture.storage.list(type)
      for (const file of files) if (file !== undefined) objects.push({ type, ...file })
    }
    const place = fc
      .constantFrom(...objects)
      .chain(({ type, name, size }) => fc.tuple(fc.constant(type), fc.constant(name), fc.nat(size * 8 - 1)))
    await fc.assert(
      fc.asyncProperty(place, async ([type, name, bit]) => {
        const flip = (bytes: Uint8Array): Uint8Array => flipBit(bytes, bit)
        const result = await checkAfter((storage) => changeBytes(storage, type, name, flip), {
          readData: type === 'pack',
        })
        expect(result.problems).not.toEqual([])
      }),
      { numRuns: 40 },
    )
  })

  test.each(['key', 'index', 'snapshot', 'pack'] as const)(
    'in two objects of kind %s that are swapped',
    async (type) => {
      const result = await checkAfter(
        async (storage) => {
          const [one, other] = (await storage.list(type)).map(({ name }) => name)
          if (one === undefined || other === undefined) throw new Error('there should be two')
          const [bytes, others] = [await storage.load(type, one), await storage.load(type, other)]
          await storage.save(type, one, others)
          await storage.save(type, other, bytes)
        },
        { readData: type === 'pack' },
      )
      expect(kindsOf(result)).toContain(`damaged-${type}`)
    },
  )

  test.each(['key', 'index', 'snapshot'] as const)(
    'in a copy of an object of kind %s under another name',
    async (type) => {
      const result = await checkAfter(async (storage) => {
        const [file] = await storage.list(type)
        await storage.save(type, '5'.repeat(64), await storage.load(type, String(file?.name)))
      })
      expect(kindsOf(result)).toEqual([`damaged-${type}`])
    },
  )

  test('in two blobs of a pack that are swapped, under a hash that is right', async () => {
    const result = await checkAfter(
      async (storage) => {
        const bytes = await storage.load('pack', dataPack.id)
        const [a, b] = dataPack.blobs.filter((blob) => blob.length === 1032)
        if (a === undefined || b === undefined) throw new Error('there should be two blobs of one size')
        const sealed = bytes.slice(a.offset, a.offset + a.length)
        bytes.copyWithin(a.offset, b.offset, b.offset + b.length)
        bytes.set(sealed, b.offset)
        await replacePack(storage, dataPack, bytes)
      },
      { readData: true },
    )
    expect(kindsOf(result)).toEqual(['damaged-blob'])
    expect(result.problems).toHaveLength(2)
  })
})

/** Stores other bytes for a pack under their own hash, and an index that says of them what was said of the pack. */
async function replacePack(
  storage: MemoryStorage,
  pack: PackContents,
  bytes: Uint8Array,
  blobs = pack.blobs,
): Promise<void> {
  const id = idOf(bytes)
  await storage.remove('pack', pack.id)
  await storage.save('pack', id, bytes)
  const repository = await openFixture(storage)
  const packs = Array.from((await repository.loadIndex()).index.packs(), (old) =>
    old.id === pack.id ? { id, blobs } : old,
  )
  for (const { name } of await storage.list('index')) await storage.remove('index', name)
  await saveIndex(repository, packs)
}

describe('what is missing is found', () => {
  test('where it is the config', async () => {
    expect(kindsOf(await checkAfter((storage) => storage.remove('config', '')))).toEqual(['damaged-config'])
  })

  test('where it is the key', async () => {
    const result = await checkAfter((storage) => storage.remove('key', fixture.repository.keyId))
    expect(kindsOf(result)).toEqual(['damaged-key'])
  })

  test('where it is an index, and only what it alone knew', async () => {
    const result = await checkAfter(async (storage) => {
      const repository = await openFixture(storage)
      for (const { name } of await storage.list('index')) await storage.remove('index', name)
      await saveIndex(repository, [treePack])
    })
    expect(kindsOf(result)).toEqual(['missing-blob'])
  })

  test('where it is a pack of content', async () => {
    const result = await checkAfter((storage) => storage.remove('pack', dataPack.id))
    expect(kindsOf(result)).toEqual(['missing-pack'])
    expect(result.problems[0]).toMatchObject({ pack: dataPack.id })
  })

  test('where it is a pack of folders', async () => {
    const result = await checkAfter((storage) => storage.remove('pack', treePack.id))
    expect(kindsOf(result)).toEqual(['missing-pack'])
    expect(result.problems[0]).toMatchObject({
      affected: { paths: [{ snapshot: first.id, path: '/' }], total: 1, more: false },
    })
  })

  test('where everything is gone', async () => {
    const result = await checkAfter(
      async (storage) => {
        for (const type of ['index', 'pack', 'key'] as const) {
          for (const { name } of await storage.list(type)) await storage.remove(type, name)
        }
      },
      { readData: true },
    )
    expect(kindsOf(result)).toEqual(['damaged-key', 'missing-blob'])
  })
})

describe('files that are concerned are named', () => {
  test('for a blob, in all snapshots that need it and in no other', async () => {
    const [blob] = dataPack.blobs
    if (blob === undefined) throw new Error('there should be a blob')
    const flip = (bytes: Uint8Array): Uint8Array => flipBit(bytes, (blob.offset + 30) * 8)
    const result = await checkAfter((storage) => changeBytes(storage, 'pack', dataPack.id, flip), { readData: true })
    expect(result.problems.map(({ kind }) => kind)).toEqual(['damaged-pack', 'damaged-blob'])
    expect(result.problems[1]).toMatchObject({
      pack: dataPack.id,
      blob: { type: 'data', id: blob.id },
      affected: {
        paths: [
          { snapshot: first.id, path: '/a' },
          { snapshot: second.id, path: '/a' },
        ],
        total: 2,
        more: false,
      },
    })
  })

  test('for a pack that is too short, by what lies beyond its end', async () => {
    const last = dataPack.blobs.at(-1)
    if (last === undefined) throw new Error('there should be a blob')
    const cut = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, last.offset + 5)
    const result = await checkAfter((storage) => changeBytes(storage, 'pack', dataPack.id, cut))
    expect(result.problems).toMatchObject([
      {
        kind: 'wrong-pack-size',
        pack: dataPack.id,
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
    const result = await checkAfter(async (storage) => void (await saveIndex(await openFixture(storage), [dataPack])))
    expect(result.problems).toEqual([])
    expect(result.hints).toMatchObject([{ kind: 'duplicate-pack-entries', pack: dataPack.id }])
  })

  test.each<[string, (pack: PackContents) => PackContents]>([
    ['fewer blobs', (pack) => ({ ...pack, blobs: pack.blobs.slice(1) })],
    [
      'another place',
      (pack) => ({ ...pack, blobs: pack.blobs.map((blob, i) => ({ ...blob, offset: blob.offset + i })) }),
    ],
    ['another blob', (pack) => ({ ...pack, blobs: pack.blobs.with(0, { ...packBlob(pack), id: idOf(Buffer.of(9)) }) })],
  ])('that differ about a pack are a problem: %s', async (_, change) => {
    const result = await checkAfter(
      async (storage) => void (await saveIndex(await openFixture(storage), [change(dataPack)])),
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
    const result = await checkAfter(
      async (storage) => {
        await replacePack(storage, dataPack, await storage.load('pack', dataPack.id), change(dataPack))
      },
      { readData: true },
    )
    expect(kindsOf(result)).toContain('damaged-pack')
  })

  test('that cannot be decoded are a problem, though sealed well', async () => {
    const result = await checkAfter(async (storage) => {
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

describe('harmless things are hints', () => {
  test('packs in no index', async () => {
    const result = await checkAfter((storage) => storage.save('pack', '4'.repeat(64), Buffer.alloc(10)), {
      readData: true,
    })
    expect(result).toMatchObject({
      problems: [],
      hints: [{ kind: 'unindexed-packs', packs: ['4'.repeat(64)], bytes: 10 }],
    })
  })
})

describe('part of the data is read', () => {
  test('and the rest of the packs is not', async () => {
    const damage = (storage: MemoryStorage): Promise<void> =>
      changeBytes(storage, 'pack', dataPack.id, CHANGES['a bit flipped in its middle'])
    const of = 4
    const ownPart = (Number.parseInt(dataPack.id.slice(0, 2), 16) % of) + 1
    for (const part of [1, 2, 3, 4]) {
      const { problems } = await checkAfter(damage, { readDataSubset: { kind: 'part', part, of } })
      expect(problems.length > 0).toBe(part === ownPart)
    }
    const all = await checkAfter(damage, { readDataSubset: { kind: 'percent', percent: 100 } })
    expect(all.counts.packsRead).toBe(all.counts.packs)
    expect(all.problems).not.toEqual([])
  })

  test('or all of it, not both', async () => {
    const options = { readData: true, readDataSubset: { kind: 'percent', percent: 5 } } as const
    await expect(check(fixture.repository, options)).rejects.toMatchObject({ code: 'ERR_VARVE_BAD_ARGUMENT' })
  })

  test('unless the part makes no sense, which is said before anything is done', async () => {
    const wrong = { readDataSubset: { kind: 'part', part: 3, of: 2 } } as const
    await expect(check(fixture.repository, wrong)).rejects.toMatchObject({ code: 'ERR_VARVE_BAD_ARGUMENT' })
  })
})

test('a check stops when it is told to, and leaves no lock', async () => {
  const controller = new AbortController()
  const onProgress = (): void => controller.abort()
  const { signal } = controller
  await expect(check(fixture.repository, { signal, onProgress, readData: true })).rejects.toMatchObject({
    code: 'ERR_VARVE_ABORTED',
  })
  expect(await fixture.storage.list('lock')).toEqual([])
})

test('a check says how far it is', async () => {
  const phases: string[] = []
  await check(fixture.repository, { readData: true, noLock: true, onProgress: ({ phase }) => phases.push(phase) })
  expect([...new Set(phases)]).toEqual([
    'reading indexes',
    'checking folders',
    'reading packs',
    'finding affected files',
  ])
})
