import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Storage } from '../../src/storage/storage.ts'
import { pseudoRandom } from '../chunking/pseudo-random.ts'
import { expectSame, isPlainError, part } from './expectations.ts'
import { nameOf } from './numbered-objects.ts'

const MIB = 1024 * 1024

/** The part of the contract of storage that is about ranges. `create` makes empty storage, for the running test. */
export function describeRanges(create: () => Promise<Storage>): void {
  test('an object of 20 MiB comes back whole and in ranges', async () => {
    const storage = await create()
    const bytes = pseudoRandom(1, 20 * MIB + 1)
    await storage.save('pack', nameOf(1), bytes)
    expect(await storage.stat('pack', nameOf(1))).toEqual({ name: nameOf(1), size: bytes.length })
    expectSame(await storage.load('pack', nameOf(1)), bytes)
    for (const range of [
      { offset: 0, length: 1 },
      { offset: 7 * MIB - 1, length: 2 },
      { offset: 3, length: 19 * MIB },
      { offset: 20 * MIB, length: 1 },
    ]) {
      expectSame(await storage.load('pack', nameOf(1), range), part(bytes, range))
    }
  })

  test('a range is exactly those bytes, wherever it lies', async () => {
    const storage = await create()
    const bytes = pseudoRandom(2, 700_001)
    await storage.save('pack', nameOf(1), bytes)
    expect(await storage.stat('pack', nameOf(1))).toEqual({ name: nameOf(1), size: bytes.length })
    const edges = [0, 1, 2, 65_535, 65_536, bytes.length - 1, bytes.length]
    const position = fc.oneof(fc.constantFrom(...edges), fc.nat({ max: bytes.length }))
    await fc.assert(
      fc.asyncProperty(position, position, async (one, other) => {
        const range = { offset: Math.min(one, other), length: Math.abs(one - other) }
        expectSame(await storage.load('pack', nameOf(1), range), part(bytes, range))
      }),
      { numRuns: 150, examples: edges.flatMap((one) => edges.map((other): [number, number] => [one, other])) },
    )
  })

  test('an object that is shorter than the range is damaged', async () => {
    const storage = await create()
    await storage.save('pack', nameOf(1), new Uint8Array(100))
    for (const range of [
      { offset: 0, length: 101 },
      { offset: 100, length: 1 },
      { offset: 101, length: 0 },
      { offset: 1e15, length: 1e15 },
    ]) {
      const failure = storage.load('pack', nameOf(1), range)
      await expect(failure).rejects.toMatchObject({
        code: 'ERR_VARVE_DAMAGED',
        message: expect.stringContaining(nameOf(1).slice(0, 8)),
      })
    }
    expect(await storage.load('pack', nameOf(1), { offset: 100, length: 0 })).toEqual(new Uint8Array())
  })

  test('ranges that make no sense are refused', async () => {
    const storage = await create()
    await storage.save('pack', nameOf(1), new Uint8Array(100))
    for (const range of [
      { offset: -1, length: 1 },
      { offset: 0, length: -1 },
      { offset: 0.5, length: 1 },
      { offset: 0, length: Number.NaN },
      { offset: Number.POSITIVE_INFINITY, length: 0 },
    ]) {
      await expect(storage.load('pack', nameOf(1), range)).rejects.toSatisfy(isPlainError)
    }
  })
}
