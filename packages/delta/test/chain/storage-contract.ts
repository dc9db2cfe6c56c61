import { describe, expect, test } from 'vitest'
import type { ChainStorage } from '../../src/chain/chain-storage.ts'

/** What every storage of chains has to do. */
export function describeStorage(what: 'a folder' | 'memory', make: () => ChainStorage): void {
  describe(`as a storage: ${what}`, () => {
    test('is empty at first', async () => {
      expect(await make().list()).toEqual([])
    })

    test('gives back what was put, under names of all kinds', async () => {
      const storage = make()
      const names = ['k.full.20200101T000000.000Z.vol1.tgz', 'with space', 'caf\u00e9', '-dash', 'UPPER.json']
      for (const [i, object] of names.entries()) await storage.put(object, pieces('a'.repeat(i), 'bc'))
      for (const [i, object] of names.entries()) expect(await text(storage.get(object))).toBe(`${'a'.repeat(i)}bc`)
      const listed = (await storage.list()).map(({ name: object, size }) => `${size} ${object}`)
      expect(listed.toSorted()).toEqual(names.map((object, i) => `${i + 2} ${object}`).toSorted())
    })

    test('an object may be empty, and large', async () => {
      const storage = make()
      await storage.put('empty', pieces())
      expect(await text(storage.get('empty'))).toBe('')
      await storage.put('large', pieces(...Array.from({ length: 40 }, () => 'x'.repeat(100_000))))
      expect((await text(storage.get('large'))).length).toBe(4_000_000)
    })

    test('a name that is there is replaced', async () => {
      const storage = make()
      await storage.put('x', pieces('long content'))
      await storage.put('x', pieces('short'))
      expect(await text(storage.get('x'))).toBe('short')
      expect(await storage.list()).toEqual([{ name: 'x', size: 5 }])
    })

    test('what fails in the middle leaves what was there', async () => {
      const storage = make()
      await storage.put('x', pieces('before'))
      await expect(storage.put('x', failing())).rejects.toThrow('the source failed')
      await expect(storage.put('y', failing())).rejects.toThrow('the source failed')
      expect(await text(storage.get('x'))).toBe('before')
      expect((await storage.list()).map((object) => object.name)).toEqual(['x'])
    })

    test('what is not there is told apart, and can be removed', async () => {
      const storage = make()
      await expect(text(storage.get('x'))).rejects.toMatchObject({ code: 'ERR_VARVE_NOT_FOUND' })
      await storage.put('x', pieces('1'))
      await storage.remove('x')
      await storage.remove('x')
      expect(await storage.list()).toEqual([])
      await expect(text(storage.get('x'))).rejects.toMatchObject({ code: 'ERR_VARVE_NOT_FOUND' })
    })
  })
}

async function* pieces(...parts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part)
}

async function* failing(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('part')
  throw new Error('the source failed')
}

async function text(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of stream) parts.push(Uint8Array.from(part))
  return Buffer.concat(parts).toString()
}
