import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PresentPack } from '../../src/maintenance/check-packs.ts'
import { choosePacks, type ReadDataSubset } from '../../src/maintenance/read-data-subset.ts'
import { idOf } from '../../src/repository/id.ts'

const PACKS: readonly PresentPack[] = Array.from({ length: 500 }, (_, i) => ({
  id: idOf(Buffer.from(String(i))),
  size: 100,
}))

describe('packs are chosen', () => {
  test('by parts that make a whole', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 256 }), (of) => {
        const parts = Array.from({ length: of }, (_, i) => choosePacks(PACKS, { kind: 'part', part: i + 1, of }))
        expect(parts.flat()).toHaveLength(PACKS.length)
        expect(new Set(parts.flat()).size).toBe(PACKS.length)
      }),
      { numRuns: 20 },
    )
  })

  test('by the first byte of their id, as restic does', () => {
    const packs = ['00', '01', '02', '03', 'ff'].map((start) => ({
      id: `${start}${'7'.repeat(62)}` as PresentPack['id'],
      size: 1,
    }))
    const starts = (part: number, of: number): readonly string[] =>
      choosePacks(packs, { kind: 'part', part, of }).map(({ id }) => id.slice(0, 2))
    expect(starts(1, 3)).toEqual(['00', '03', 'ff'])
    expect(starts(2, 3)).toEqual(['01'])
    expect(starts(256, 256)).toEqual(['ff'])
  })

  test('by a percentage, each at most once and at least one', () => {
    const percent = fc.double({ min: 0, max: 100, minExcluded: true, noNaN: true })
    const random = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1 })
    fc.assert(
      fc.property(percent, random, (percent, numbers) => {
        let next = 0
        const chosen = choosePacks(PACKS, { kind: 'percent', percent }, () => numbers[next++ % numbers.length] ?? 0)
        expect(chosen).toHaveLength(Math.max(1, Math.floor((PACKS.length * percent) / 100)))
        expect(new Set(chosen).size).toBe(chosen.length)
        expect(chosen.every((pack) => PACKS.includes(pack))).toBe(true)
      }),
    )
  })

  test('by a size', () => {
    expect(choosePacks(PACKS, { kind: 'size', bytes: 1 })).toHaveLength(1)
    expect(choosePacks(PACKS, { kind: 'size', bytes: 2500 })).toHaveLength(25)
    expect(choosePacks(PACKS, { kind: 'size', bytes: 1e15 })).toHaveLength(500)
  })

  test('all of them, some day', () => {
    const seen = new Set<PresentPack>()
    for (let i = 0; i < 200; i++)
      for (const pack of choosePacks(PACKS, { kind: 'percent', percent: 10 })) seen.add(pack)
    expect(seen.size).toBe(PACKS.length)
  })

  test.each<ReadDataSubset>([
    { kind: 'part', part: 1, of: 1 },
    { kind: 'percent', percent: 1 },
    { kind: 'size', bytes: 5 },
  ])('nowhere, of none: %j', (subset) => expect(choosePacks([], subset)).toEqual([]))
})

test.each<ReadDataSubset>([
  { kind: 'part', part: 0, of: 5 },
  { kind: 'part', part: 6, of: 5 },
  { kind: 'part', part: 1, of: 257 },
  { kind: 'part', part: 1.5, of: 3 },
  { kind: 'percent', percent: 0 },
  { kind: 'percent', percent: 100.1 },
  { kind: 'percent', percent: Number.NaN },
  { kind: 'size', bytes: 0 },
  { kind: 'size', bytes: Number.NaN },
])('%j makes no sense', (subset) => {
  expect(() => choosePacks(PACKS, subset)).toThrow(expect.objectContaining({ code: 'ERR_VARVE_BAD_ARGUMENT' }))
})
