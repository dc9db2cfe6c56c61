import * as fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { encodeConfig } from '../../src/repository/config-file.ts'
import { idOf } from '../../src/repository/id.ts'
import { Sealer } from '../../src/repository/sealing.ts'
import type { FileType } from '../../src/storage/storage.ts'
import { openFixture, saveIndex } from '../fixtures/repository-fixture.ts'
import { CHANGES, changeBytes, CheckedRepository, flipBit, kindsOf, replacePack } from './checked-repository.ts'

let checked: CheckedRepository
beforeAll(async () => {
  checked = await CheckedRepository.create()
})

describe('damage is found', () => {
  const names: Record<string, () => { type: FileType; name: string; kind: string }> = {
    'the config': () => ({ type: 'config', name: '', kind: 'damaged-config' }),
    'the key': () => ({ type: 'key', name: checked.fixture.repository.keyId, kind: 'damaged-key' }),
    'another key': () => ({ type: 'key', name: idOf(Buffer.of(7)), kind: 'damaged-key' }),
    'a snapshot': () => ({ type: 'snapshot', name: checked.second.id, kind: 'damaged-snapshot' }),
  }
  for (const [what, object] of Object.entries(names)) {
    test.each(Object.entries(CHANGES))(`in ${what} with %s`, async (_, change) => {
      const { type, name, kind } = object()
      const result = await checked.checkAfter((storage) => changeBytes(storage, type, name, change))
      expect(kindsOf(result)).toEqual([kind])
      expect(result.problems[0]?.message).toContain(name)
    })
  }

  test.each(Object.entries(CHANGES))('in an index with %s, and what is missing for it', async (_, change) => {
    const [index] = await checked.fixture.storage.list('index')
    const result = await checked.checkAfter((storage) => changeBytes(storage, 'index', String(index?.name), change))
    expect(kindsOf(result)).toEqual(['damaged-index', 'missing-blob'])
    expect(result.problems[0]?.message).toContain(index?.name)
  })

  test.each(Object.entries(CHANGES))('in a pack of folders with %s', async (_, change) => {
    const result = await checked.checkAfter((storage) => changeBytes(storage, 'pack', checked.treePack.id, change), {
      readData: true,
    })
    expect(kindsOf(result)).toContain('damaged-pack')
    expect(result.problems.every(({ message }) => message.includes(checked.treePack.id.slice(0, 8)))).toBe(true)
  })

  test.each(Object.entries(CHANGES))('in a pack of content with %s', async (_, change) => {
    const result = await checked.checkAfter((storage) => changeBytes(storage, 'pack', checked.dataPack.id, change), {
      readData: true,
    })
    expect(kindsOf(result)).toContain('damaged-pack')
    expect(result.problems.every(({ message }) => message.includes(checked.dataPack.id))).toBe(true)
  })

  test('wherever a single bit of anything is flipped', async () => {
    const objects: { type: FileType; name: string; size: number }[] = []
    for (const type of ['config', 'key', 'snapshot', 'index', 'pack'] as const) {
      const files =
        type === 'config'
          ? [await checked.fixture.storage.stat('config', '')]
          : await checked.fixture.storage.list(type)
      for (const file of files) if (file !== undefined) objects.push({ type, ...file })
    }
    const place = fc
      .constantFrom(...objects)
      .chain(({ type, name, size }) => fc.tuple(fc.constant(type), fc.constant(name), fc.nat(size * 8 - 1)))
    await fc.assert(
      fc.asyncProperty(place, async ([type, name, bit]) => {
        const flip = (bytes: Uint8Array): Uint8Array => flipBit(bytes, bit)
        const result = await checked.checkAfter((storage) => changeBytes(storage, type, name, flip), {
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
      const result = await checked.checkAfter(
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
      const result = await checked.checkAfter(async (storage) => {
        const [file] = await storage.list(type)
        await storage.save(type, '5'.repeat(64), await storage.load(type, String(file?.name)))
      })
      expect(kindsOf(result)).toEqual([`damaged-${type}`])
    },
  )

  test('in two blobs of a pack that are swapped, under a hash that is right', async () => {
    const result = await checked.checkAfter(
      async (storage) => {
        const bytes = await storage.load('pack', checked.dataPack.id)
        const [a, b] = checked.dataPack.blobs.filter((blob) => blob.length === 1032)
        if (a === undefined || b === undefined) throw new Error('there should be two blobs of one size')
        const sealed = bytes.slice(a.offset, a.offset + a.length)
        bytes.copyWithin(a.offset, b.offset, b.offset + b.length)
        bytes.set(sealed, b.offset)
        await replacePack(storage, checked.dataPack, bytes)
      },
      { readData: true },
    )
    expect(kindsOf(result)).toEqual(['damaged-blob'])
    expect(result.problems).toHaveLength(2)
  })
})

test('the config of another repository is found, though sealed with the same key', async () => {
  const result = await checked.checkAfter(async (storage) => {
    const { config, key } = checked.fixture.repository
    await storage.save('config', '', new Sealer(key).seal(encodeConfig({ ...config, id: idOf(Buffer.of(1)) })))
  })
  expect(kindsOf(result)).toEqual(['damaged-config'])
})

describe('what is missing is found', () => {
  test('where it is the config', async () => {
    expect(kindsOf(await checked.checkAfter((storage) => storage.remove('config', '')))).toEqual(['damaged-config'])
  })

  test('where it is the key', async () => {
    const result = await checked.checkAfter((storage) => storage.remove('key', checked.fixture.repository.keyId))
    expect(kindsOf(result)).toEqual(['damaged-key'])
  })

  test('where it is an index, and only what it alone knew', async () => {
    const result = await checked.checkAfter(async (storage) => {
      const repository = await openFixture(storage)
      for (const { name } of await storage.list('index')) await storage.remove('index', name)
      await saveIndex(repository, [checked.treePack])
    })
    expect(kindsOf(result)).toEqual(['missing-blob'])
  })

  test('where it is a pack of content', async () => {
    const result = await checked.checkAfter((storage) => storage.remove('pack', checked.dataPack.id))
    expect(kindsOf(result)).toEqual(['missing-pack'])
    expect(result.problems[0]).toMatchObject({ pack: checked.dataPack.id })
  })

  test('where it is a pack of folders', async () => {
    const result = await checked.checkAfter((storage) => storage.remove('pack', checked.treePack.id))
    expect(kindsOf(result)).toEqual(['missing-pack'])
    expect(result.problems[0]).toMatchObject({
      affected: { paths: [{ snapshot: checked.first.id, path: '/' }], total: 1, more: false },
    })
  })

  test('where everything is gone', async () => {
    const result = await checked.checkAfter(
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
