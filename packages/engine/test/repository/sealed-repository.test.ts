import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { VarveError } from '@varve/platform/errors'
import { idOf, idToBytes, type Id } from '../../src/repository/id.ts'
import { encodeIndex } from '../../src/repository/index-file.ts'
import type { OpenRepository } from '../../src/repository/repository.ts'
import { Sealer } from '../../src/repository/sealing.ts'
import type { Snapshot } from '../../src/repository/snapshot.ts'
import type { Timestamp } from '../../src/repository/timestamp.ts'
import { encodeTree } from '../../src/repository/tree-encoding.ts'
import { workerRepository } from '../../src/repository/worker-repository.ts'
import { FaultyStorage } from '../../src/storage/faults.ts'
import { MemoryStorage } from '../../src/storage/memory.ts'
import { openRepository } from '../../src/repository/open-repository.ts'
import { cheapRepository, storeBlobs } from './cheap-repository.ts'
import { imaginaryPack, randomId } from './test-packs.ts'

const json = Buffer.from(JSON.stringify({ list: Array.from({ length: 200 }, (_, i) => `entry ${i}`) }))

function withCode(code: string, message: string | RegExp = ''): unknown {
  return expect.objectContaining({ code, message: expect.stringMatching(message) })
}

async function storedText(repository: OpenRepository, type: 'index' | 'lock', id: Id): Promise<Buffer> {
  return new Sealer(repository.key).open(await repository.storage.load(type, id))
}

function snapshotAt(time: string): Snapshot {
  return { time: time as Timestamp, tree: randomId(), paths: ['/a'], hostname: 'h' }
}

describe('unpacked objects', () => {
  it.each([1, 2] as const)('are read as they were written: version %i', async (version) => {
    const repository = await cheapRepository({ version })
    const id = await repository.saveUnpacked('index', json)
    expect(id).toBe(idOf(await repository.storage.load('index', id)))
    expect(Buffer.from(await repository.loadUnpacked('index', id))).toEqual(json)
    await repository.removeUnpacked('index', id)
    await expect(repository.loadUnpacked('index', id)).rejects.toThrow(withCode('ERR_VARVE_NOT_FOUND'))
  })

  it('are plain JSON in version 1, and in version 2 a frame behind a byte that says so', async () => {
    const repositories = { 1: await cheapRepository({ version: 1 }), 2: await cheapRepository() }
    const plain = await storedText(repositories[1], 'index', await repositories[1].saveUnpacked('index', json))
    expect(plain).toEqual(json)
    const framed = await storedText(repositories[2], 'index', await repositories[2].saveUnpacked('index', json))
    expect(framed.subarray(0, 5).toString('hex')).toBe('0228b52ffd')
    expect(framed.length).toBeLessThan(json.length)
  })

  it('may be plain JSON in version 2 as well', async () => {
    const repository = await cheapRepository()
    for (const text of ['{"packs":[]}', '[]', '']) {
      const sealed = new Sealer(repository.key).seal(Buffer.from(text))
      await repository.storage.save('index', idOf(sealed), sealed)
      expect(Buffer.from(await repository.loadUnpacked('index', idOf(sealed))).toString()).toBe(text)
    }
  })

  it('give the config too', async () => {
    const repository = await cheapRepository()
    const config = JSON.parse(Buffer.from(await repository.loadUnpacked('config', '' as Id)).toString()) as unknown
    expect(config).toMatchObject({ version: 2, id: repository.config.id })
    await expect(repository.saveUnpacked('config', json)).rejects.toThrow(/written once/)
  })

  it('are refused where the frame in them is none, or they begin with something else', async () => {
    const repository = await cheapRepository()
    for (const content of [Buffer.concat([Buffer.of(2), randomBytes(20)]), Buffer.of(3, 1, 2), Buffer.of(2)]) {
      const sealed = new Sealer(repository.key).seal(content)
      const id = idOf(sealed)
      await repository.storage.save('snapshot', id, sealed)
      await expect(repository.loadUnpacked('snapshot', id)).rejects.toThrow(
        withCode('ERR_VARVE_DAMAGED', `snapshot ${id} is damaged`),
      )
    }
  })

  it('are refused when damaged in any way, also when swapped for another', async () => {
    const repository = await cheapRepository()
    const id = await repository.saveUnpacked('lock', json)
    const bytes = await repository.storage.load('lock', id)
    const other = await repository.storage.load('lock', await repository.saveUnpacked('lock', Buffer.from('{}')))
    const flipped = bytes.map((byte, i) => (i === 40 ? byte ^ 0x80 : byte))
    for (const bad of [bytes.subarray(0, -1), new Uint8Array(0), new Uint8Array(31), flipped, other]) {
      await repository.storage.save('lock', id, bad)
      await expect(repository.loadUnpacked('lock', id)).rejects.toThrow(
        withCode('ERR_VARVE_DAMAGED', `lock ${id} is damaged`),
      )
    }
  })
})

describe('snapshots', () => {
  it('come oldest first, by the moment and not by its text', async () => {
    const repository = await cheapRepository()
    const times = [
      '2026-03-01T10:00:00+05:00',
      '2026-03-01T06:00:00Z',
      '2025-12-31T23:59:59.999999999Z',
      '2026-03-01T06:00:00.000000001Z',
    ]
    for (const time of times) await repository.saveSnapshot(snapshotAt(time))
    expect((await repository.snapshots()).map(({ time }) => time)).toEqual([times[2], times[0], times[1], times[3]])
  })

  it('come by their id where they are of one moment', async () => {
    const repository = await cheapRepository()
    const ids = await Promise.all(
      Array.from({ length: 12 }, () => repository.saveSnapshot(snapshotAt('2026-03-01T06:00:00Z'))),
    )
    expect((await repository.snapshots()).map(({ id }) => id)).toEqual(ids.toSorted())
  })

  it('are loaded as saved', async () => {
    const repository = await cheapRepository()
    const saved = snapshotAt('2026-03-01T10:00:00+05:00')
    const id = await repository.saveSnapshot(saved)
    expect(await repository.loadSnapshot(id)).toEqual({ ...saved, id })
  })

  it('name the one that is damaged', async () => {
    const repository = await cheapRepository()
    const id = await repository.saveSnapshot(snapshotAt('2026-03-01T10:00:00+05:00'))
    await repository.storage.save('snapshot', id, Buffer.from('bad'))
    await expect(repository.snapshots()).rejects.toThrow(withCode('ERR_VARVE_DAMAGED', id))
  })

  it('come without those that are damaged where somebody takes these, and without those that have gone', async () => {
    const storage = new MemoryStorage()
    const repository = await cheapRepository({ storage })
    const times = ['2026-03-01T10:00:00Z', '2026-03-02T10:00:00Z', '2026-03-03T10:00:00Z']
    const ids: Id[] = []
    for (const time of times) ids.push(await repository.saveSnapshot(snapshotAt(time)))
    const [damaged = '', gone = '', left] = ids
    await storage.save('snapshot', damaged, Buffer.from('bad'))
    // Listed, and removed by somebody else before it is read.
    const list = storage.list.bind(storage)
    storage.list = async (type) => {
      const files = await list(type)
      await storage.remove('snapshot', gone)
      return files
    }
    const errors: VarveError[] = []
    expect((await repository.snapshots((error) => errors.push(error))).map(({ id }) => id)).toEqual([left])
    expect(errors).toEqual([withCode('ERR_VARVE_DAMAGED', damaged)])
  })
})

describe('blobs', () => {
  const plains = [Buffer.from('a text that repeats, '.repeat(100)), randomBytes(3000), Buffer.alloc(0)]

  it.each([1, 2] as const)('are loaded by their id: version %i', async (version) => {
    const repository = await cheapRepository({ version })
    const { ids } = await storeBlobs(repository, 'data', plains)
    const indexed = await repository.loadIndex()
    expect(indexed.config).toBe(repository.config)
    expect(indexed.index.entryCount).toBe(3)
    for (const [i, id] of ids.entries()) {
      expect(Buffer.from(await indexed.loadBlob({ type: 'data', id })).equals(plains[i] ?? Buffer.of(0))).toBe(true)
      await expect(indexed.loadBlob({ type: 'tree', id })).rejects.toThrow(withCode('ERR_VARVE_MISSING_BLOB', id))
    }
  })

  it('are loaded from another pack where one is bad or gone', async () => {
    const repository = await cheapRepository()
    const packs = await Promise.all(plains.map(() => storeBlobs(repository, 'data', plains)))
    const [first, second, third] = packs.map(({ pack }) => pack)
    const id = idOf(plains[0] ?? Buffer.of(0))
    if (first === undefined || second === undefined || third === undefined) throw new Error('three packs were stored')
    const indexed = await repository.loadIndex()
    expect(indexed.index.lookupAll('data', id)).toHaveLength(3)
    const { storage } = repository
    await storage.remove('pack', first)
    await storage.save('pack', second, (await storage.load('pack', second)).fill(7))
    expect((await indexed.loadBlob({ type: 'data', id })).length).toBe(plains[0]?.length)
    await storage.save('pack', third, new Uint8Array(10))
    await expect(indexed.loadBlob({ type: 'data', id })).rejects.toThrow(
      withCode('ERR_VARVE_DAMAGED', new RegExp(`data blob ${id} in pack (${first}|${second}|${third})`)),
    )
  })

  it('are refused where their content is another, however well sealed', async () => {
    const repository = await cheapRepository()
    const { pack } = await storeBlobs(repository, 'data', plains, { indexed: false })
    const lie = { type: 'data' as const, id: randomId(), offset: 0, length: 0, uncompressedLength: 0 }
    const size = (await repository.storage.stat('pack', pack))?.size ?? 0
    const bytes = await repository.storage.load('pack', pack)
    const blob = { ...lie, length: 32 + 5, offset: size }
    const sealed = new Sealer(repository.key).seal(Buffer.from('other'))
    await repository.storage.save('pack', pack, Buffer.concat([bytes, sealed]))
    await repository.saveUnpacked('index', encodeIndex([{ id: pack, blobs: [blob] }]))
    await expect((await repository.loadIndex()).loadBlob(blob)).rejects.toThrow(withCode('ERR_VARVE_DAMAGED', 'hash'))
  })

  it('keep apart a storage that fails from content that is bad', async () => {
    const storage = new MemoryStorage()
    const { ids } = await storeBlobs(await cheapRepository({ storage }), 'data', plains)
    const faulty = new FaultyStorage(storage, [{ at: 1, operation: 'load', type: 'pack', action: { kind: 'fail' } }])
    const indexed = await (await openRepository({ storage: faulty, password: 'secret' })).loadIndex()
    const [id] = ids
    if (id === undefined) throw new Error('blobs were stored')
    await expect(indexed.loadBlob({ type: 'data', id })).rejects.toThrow(withCode('ERR_VARVE_STORAGE', id))
    expect(await indexed.loadBlob({ type: 'data', id })).toHaveLength(plains[0]?.length ?? 0)
  })

  it('are trees when they are', async () => {
    const repository = await cheapRepository()
    const { ids } = await storeBlobs(repository, 'tree', [encodeTree([]), Buffer.from('no tree')])
    const indexed = await repository.loadIndex()
    expect((await indexed.loadTree(ids[0] ?? randomId())).nodes).toEqual([])
    await expect(indexed.loadTree(ids[1] ?? randomId())).rejects.toThrow(withCode('ERR_VARVE_DAMAGED', ids[1]))
  })
})

describe('loadIndex', () => {
  it('gives the same, however the storage lists and whatever comes first', async () => {
    const repository = await cheapRepository()
    const packs = Array.from({ length: 30 }, () => imaginaryPack(3))
    for (const pack of packs) await repository.saveUnpacked('index', encodeIndex([pack]))
    const expected = (await repository.loadIndex()).index.packIds()
    const { storage } = repository
    const list = storage.list.bind(storage)
    const load = storage.load.bind(storage)
    storage.list = async (type) => (await list(type)).toReversed()
    storage.load = async (type, name, range) => {
      const bytes = await load(type, name, range)
      if (type === 'index' && name < '8') await new Promise(setImmediate)
      return bytes
    }
    expect((await repository.loadIndex()).index.packIds()).toEqual(expected)
    expect(expected.toSorted()).toEqual(packs.map(({ id }) => id).toSorted())
  })

  it('counts a pack once that several indexes name', async () => {
    const repository = await cheapRepository()
    const pack = imaginaryPack(10)
    await repository.saveUnpacked('index', encodeIndex([pack]))
    await repository.saveUnpacked('index', encodeIndex([pack, imaginaryPack(1)]))
    const { index } = await repository.loadIndex()
    expect(index.entryCount).toBe(11)
    expect(index.lookupAll('data', pack.blobs[0]?.id ?? randomId())).toHaveLength(1)
  })

  it('names the index that is damaged', async () => {
    const repository = await cheapRepository()
    await repository.saveUnpacked('index', encodeIndex([imaginaryPack(1)]))
    const id = await repository.saveUnpacked('index', Buffer.from('{"packs": 5}'))
    await expect(repository.loadIndex()).rejects.toThrow(withCode('ERR_VARVE_DAMAGED', `index ${id} is damaged`))
  })

  it('stops on request', async () => {
    const repository = await cheapRepository()
    await repository.saveUnpacked('index', encodeIndex([imaginaryPack(1)]))
    await expect(repository.loadIndex(AbortSignal.abort())).rejects.toThrow(withCode('ERR_VARVE_ABORTED'))
  })
})

describe('workerRepository', () => {
  it('is a plain value with all that a thread needs', async () => {
    const repository = await cheapRepository({ compression: 'max' })
    const value = structuredClone(workerRepository(repository))
    expect(value).toEqual({
      version: 2,
      key: repository.key,
      compression: 'max',
      chunker: { kind: 'rabin', polynomial: repository.config.chunkerPolynomial },
    })
    const sealed = new Sealer(value.key).seal(Buffer.from('x'))
    expect(new Sealer(repository.key).open(sealed).toString()).toBe('x')
    expect(idToBytes(idOf(sealed))).toHaveLength(32)
  })

  it('is refused where files would be cut in another way than the repository asks for', async () => {
    const storage = new MemoryStorage()
    const { key, config } = await cheapRepository({ storage })
    const foreign = {
      version: 2,
      id: config.id,
      chunker_polynomial: config.chunkerPolynomial.toString(16),
      chunk_size: 5_000_000,
    }
    await storage.save('config', '', new Sealer(key).seal(Buffer.from(JSON.stringify(foreign))))
    const repository = await openRepository({ storage, password: 'secret' })
    expect(await repository.snapshots()).toEqual([])
    expect(() => workerRepository(repository)).toThrow(withCode('ERR_VARVE_REPOSITORY_VERSION'))
  })
})
