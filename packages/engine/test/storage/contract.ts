import { describe, expect, onTestFinished, test } from 'vitest'
import { idOf } from '../../src/repository/id.ts'
import { LISTED_FILE_TYPES, type FileType, type Storage } from '../../src/storage/storage.ts'
import { pseudoRandom } from '../chunking/pseudo-random.ts'
import { describeRanges } from './contract-ranges.ts'
import { expectSame, isPlainError, part } from './expectations.ts'
import { nameOf } from './numbered-objects.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** How the suite comes by storage. What it opens it closes; folders are removed after each test. */
export interface StorageFactory {
  /** New storage without objects. `folder` is empty and for this storage alone. */
  create(folder: string): Promise<Storage>
  /** One more handle to the objects of a storage that `create` made in `folder`. */
  open(folder: string, created: Storage): Promise<Storage>
}

const ALL_TYPES: readonly FileType[] = ['config', ...LISTED_FILE_TYPES]

/** What every implementation of `Storage` has to do. */
export function describeStorage(title: string, factory: StorageFactory): void {
  async function create(folder?: string): Promise<Storage> {
    const storage = await factory.create(folder ?? (await temporaryFolder()))
    onTestFinished(() => storage.close())
    return storage
  }

  describe(`${title}: the contract of storage`, () => {
    describeRanges(create)

    test('new storage is empty', async () => {
      const storage = await create()
      for (const type of ALL_TYPES) expect(await storage.list(type)).toEqual([])
    })

    test('what was saved is loaded, listed and measured, each kind apart', async () => {
      const storage = await create()
      const names = new Map(ALL_TYPES.map((type) => [type, type === 'config' ? '' : idOf(Buffer.from('one name'))]))
      for (const [type, name] of names) await storage.save(type, name, Buffer.from(`the bytes of ${type}`))
      for (const [type, name] of names) {
        const size = `the bytes of ${type}`.length
        expect(Buffer.from(await storage.load(type, name)).toString()).toBe(`the bytes of ${type}`)
        expect(await storage.stat(type, name)).toEqual({ name, size })
        expect(await storage.list(type)).toEqual([{ name, size }])
      }
    })

    test('all of many objects are listed with their sizes', async () => {
      const storage = await create()
      const expected = Array.from({ length: 300 }, (_, size) => ({ name: nameOf(size), size }))
      await Promise.all(expected.map(({ name, size }) => storage.save('pack', name, new Uint8Array(size))))
      const listed = await storage.list('pack')
      expect(byName(listed)).toEqual(byName(expected))
    })

    test('an empty object is an object', async () => {
      const storage = await create()
      await storage.save('lock', nameOf(1), new Uint8Array())
      expect(await storage.stat('lock', nameOf(1))).toEqual({ name: nameOf(1), size: 0 })
      expect(await storage.load('lock', nameOf(1))).toEqual(new Uint8Array())
      expect(await storage.load('lock', nameOf(1), { offset: 0, length: 0 })).toEqual(new Uint8Array())
      await storage.save('lock', nameOf(2), Buffer.from('other'))
      await storage.remove('lock', nameOf(1))
      expect(await storage.list('lock')).toEqual([{ name: nameOf(2), size: 5 }])
      expect(Buffer.from(await storage.load('lock', nameOf(2))).toString()).toBe('other')
    })

    test('what does not exist is not found', async () => {
      const storage = await create()
      await storage.save('snapshot', nameOf(1), Buffer.from('a snapshot'))
      for (const [type, name] of [
        ['config', ''],
        ['pack', nameOf(1)],
        ['snapshot', nameOf(2)],
      ] as const) {
        const notFound = { code: 'ERR_VARVE_NOT_FOUND', message: expect.stringContaining(name.slice(0, 8)) }
        await expect(storage.load(type, name)).rejects.toMatchObject(notFound)
        await expect(storage.load(type, name, { offset: 0, length: 0 })).rejects.toMatchObject(notFound)
        await expect(storage.remove(type, name)).rejects.toMatchObject(notFound)
        expect(await storage.stat(type, name)).toBeUndefined()
      }
    })

    test('what was removed is gone, and nothing else', async () => {
      const storage = await create()
      for (const type of ['pack', 'index'] as const) {
        for (const n of [1, 2, 3]) await storage.save(type, nameOf(n), pseudoRandom(n, n * 100_000))
      }
      await storage.remove('pack', nameOf(2))
      expect(await storage.stat('pack', nameOf(2))).toBeUndefined()
      await expect(storage.load('pack', nameOf(2))).rejects.toMatchObject({ code: 'ERR_VARVE_NOT_FOUND' })
      await expect(storage.remove('pack', nameOf(2))).rejects.toMatchObject({ code: 'ERR_VARVE_NOT_FOUND' })
      expect((await storage.list('pack')).map(({ name }) => name).toSorted()).toEqual([nameOf(1), nameOf(3)].toSorted())
      for (const n of [1, 3]) expectSame(await storage.load('pack', nameOf(n)), pseudoRandom(n, n * 100_000))
      expectSame(await storage.load('index', nameOf(2)), pseudoRandom(2, 200_000))
      await storage.save('pack', nameOf(2), Buffer.from('again'))
      expect(Buffer.from(await storage.load('pack', nameOf(2))).toString()).toBe('again')
      await storage.reclaim?.()
      for (const n of [1, 3]) expectSame(await storage.load('pack', nameOf(n)), pseudoRandom(n, n * 100_000))
    })

    test('a second save replaces all of the first', async () => {
      const storage = await create()
      for (const size of [500_000, 300_000, 0, 400_000]) {
        await storage.save('pack', nameOf(1), pseudoRandom(size, size))
        expect(await storage.list('pack')).toEqual([{ name: nameOf(1), size }])
        expectSame(await storage.load('pack', nameOf(1)), pseudoRandom(size, size))
      }
      await storage.save('config', '', Buffer.from('first'))
      await storage.save('config', '', Buffer.from('second'))
      expect(Buffer.from(await storage.load('config', '')).toString()).toBe('second')
    })

    test('many calls at once do not get into each other', async () => {
      const storage = await create()
      const numbers = Array.from({ length: 60 }, (_, n) => n)
      await Promise.all(numbers.map((n) => storage.save('pack', nameOf(n), smallContent(n))))
      await Promise.all([
        ...numbers.slice(0, 20).map((n) => storage.remove('pack', nameOf(n))),
        ...numbers.slice(20).map(async (n) => expectSame(await storage.load('pack', nameOf(n)), smallContent(n))),
        ...numbers.slice(20).map(async (n) => {
          const range = { offset: n * 10, length: n * 8000 }
          expectSame(await storage.load('pack', nameOf(n), range), part(smallContent(n), range))
        }),
        ...numbers.map((n) => storage.save('index', nameOf(n), smallContent(n))),
        storage.list('pack'),
      ])
      expect((await storage.list('pack')).map(({ name }) => name).toSorted()).toEqual(
        numbers.slice(20).map(nameOf).toSorted(),
      )
      for (const n of numbers) expectSame(await storage.load('index', nameOf(n)), smallContent(n))
    })

    test('saving one name several times at once leaves it whole', async () => {
      const storage = await create()
      const bytes = pseudoRandom(5, 300_000)
      await Promise.all(Array.from({ length: 8 }, () => storage.save('pack', nameOf(1), bytes)))
      expect(await storage.list('pack')).toEqual([{ name: nameOf(1), size: bytes.length }])
      expectSame(await storage.load('pack', nameOf(1)), bytes)
    })

    test('names that no object can have are refused', async () => {
      const storage = await create()
      for (const [type, name] of [
        ['pack', ''],
        ['pack', '../x'],
        ['pack', `../${'a'.repeat(61)}`],
        ['pack', `${'a'.repeat(63)}/`],
        ['pack', 'a'.repeat(63)],
        ['pack', 'a'.repeat(65)],
        ['snapshot', 'A'.repeat(64)],
        ['key', `${'a'.repeat(64)}\n`],
        ['lock', `${'a'.repeat(62)}\0a`],
        ['config', 'config'],
        ['config', 'a'.repeat(64)],
      ] as const) {
        await expect(storage.save(type, name, Buffer.from('x'))).rejects.toSatisfy(isPlainError)
        await expect(storage.load(type, name)).rejects.toSatisfy(isPlainError)
        await expect(storage.remove(type, name)).rejects.toSatisfy(isPlainError)
        await expect(storage.stat(type, name)).rejects.toSatisfy(isPlainError)
      }
      for (const type of ALL_TYPES) expect(await storage.list(type)).toEqual([])
    })

    test('what is loaded owns its memory', async () => {
      const storage = await create()
      const bytes = pseudoRandom(3, 300_000)
      await storage.save('pack', nameOf(1), bytes)
      await storage.save('lock', nameOf(1), bytes.subarray(0, 10))
      for (const [type, range] of [
        ['pack', undefined],
        ['pack', { offset: 5, length: 100 }],
        ['pack', { offset: 100_000, length: 200_000 }],
        ['pack', { offset: 7, length: 0 }],
        ['lock', undefined],
      ] as const) {
        const loaded = await storage.load(type, nameOf(1), range)
        expect(loaded.byteOffset).toBe(0)
        expect(loaded.buffer.byteLength).toBe(loaded.length)
        loaded.fill(0)
        structuredClone(loaded, { transfer: [loaded.buffer] })
      }
      expectSame(await storage.load('pack', nameOf(1)), bytes)
    })

    test('what is saved stays the caller\u2019s, whatever memory it is in', async () => {
      const storage = await create()
      const bytes = pseudoRandom(4, 200_000)
      const own = new Uint8Array(bytes)
      const inside = new Uint8Array(bytes.length + 2000)
      inside.set(bytes, 1000)
      const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 10), 10)
      shared.set(bytes)
      const pooled = Buffer.from(bytes.subarray(0, 100))
      const views = [own, inside.subarray(1000, 1000 + bytes.length), shared, Buffer.from(bytes), pooled]
      for (const [n, view] of views.entries()) {
        const before = new Uint8Array(view)
        await storage.save('pack', nameOf(n), view)
        expectSame(view, before)
        // Nor does the storage hold on to it.
        view.fill(0)
        expectSame(await storage.load('pack', nameOf(n)), before)
      }
      expect(inside.buffer.detached).toBe(false)
    })

    test('a second handle sees everything, as does one that is opened later', async () => {
      const folder = await temporaryFolder()
      const first = await create(folder)
      await first.save('config', '', Buffer.from('config'))
      const second = await factory.open(folder, first)
      onTestFinished(() => second.close())
      await first.save('pack', nameOf(1), pseudoRandom(1, 400_000))
      expectSame(await second.load('pack', nameOf(1)), pseudoRandom(1, 400_000))
      await second.save('pack', nameOf(2), Buffer.from('two'))
      expect(await first.stat('pack', nameOf(2))).toEqual({ name: nameOf(2), size: 3 })
      await Promise.all([first.close(), second.close()])
      const third = await factory.open(folder, first)
      onTestFinished(() => third.close())
      expect(Buffer.from(await third.load('config', '')).toString()).toBe('config')
      expect((await third.list('pack')).length).toBe(2)
      expectSame(await third.load('pack', nameOf(1)), pseudoRandom(1, 400_000))
    })

    test('closing twice is once; every other call after it fails', async () => {
      const storage = await create()
      await storage.save('lock', nameOf(1), Buffer.from('x'))
      await Promise.all([storage.close(), storage.close()])
      await storage.close()
      await expect(storage.list('lock')).rejects.toSatisfy(isPlainError)
      await expect(storage.load('lock', nameOf(1))).rejects.toSatisfy(isPlainError)
      await expect(storage.save('lock', nameOf(1), Buffer.from('x'))).rejects.toSatisfy(isPlainError)
      await expect(storage.remove('lock', nameOf(1))).rejects.toSatisfy(isPlainError)
      await expect(storage.stat('lock', nameOf(1))).rejects.toSatisfy(isPlainError)
      // Where there is nothing to reclaim, there is no call that could fail.
      const reclaimed = storage.reclaim === undefined ? storage.list('lock') : storage.reclaim()
      await expect(reclaimed).rejects.toSatisfy(isPlainError)
    })
  })
}

/** Objects of many sizes that are quickly stored. */
function smallContent(n: number): Uint8Array<ArrayBuffer> {
  return pseudoRandom(n, n * 9000)
}

function byName<T extends { readonly name: string }>(files: readonly T[]): readonly T[] {
  return files.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}
