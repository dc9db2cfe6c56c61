import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  choosePackActions,
  sizeOf,
  type PackChoice,
  type PackChoiceOptions,
} from '../../src/maintenance/pack-choice.ts'
import type { PackUsage } from '../../src/maintenance/pack-usage.ts'
import { idOf } from '../../src/repository/id.ts'

const MIB = 1024 * 1024
let packs = 0

function aPack(usedMiB: number, unusedMiB: number, fields: Partial<PackUsage> = {}): PackUsage {
  return {
    id: idOf(Buffer.from(String(packs++))),
    type: 'data',
    usedBlobs: usedMiB > 0 ? 1 : 0,
    usedBytes: usedMiB * MIB,
    unusedBlobs: unusedMiB > 0 ? 1 : 0,
    unusedBytes: unusedMiB * MIB,
    duplicates: 0,
    uncompressed: false,
    ...fields,
  }
}

function choose(usages: readonly PackUsage[], options: Partial<PackChoiceOptions> = {}): PackChoice {
  return choosePackActions(usages, {
    maxUnused: { percent: 5 },
    maxRepackBytes: Infinity,
    repackUncompressed: false,
    canCompress: true,
    ...options,
  })
}

const full = (count: number): readonly PackUsage[] => Array.from({ length: count }, () => aPack(16, 0))

describe('packs', () => {
  test('of which nothing is needed are removed, and others that are needed in full stay', () => {
    const [kept, gone] = [aPack(16, 0), aPack(0, 16)]
    expect(choose([kept, gone])).toEqual({ keep: [kept], repack: [], remove: [gone] })
  })

  test('with most waste are repacked until little enough is left', () => {
    const [much, some, little] = [aPack(4, 12), aPack(8, 8), aPack(15, 1)]
    const rest = full(10)
    expect(choose([little, some, much, ...rest]).repack).toEqual([much])
    expect(choose([little, some, much, ...rest], { maxUnused: { percent: 0 } }).repack).toEqual([much, some, little])
    expect(choose([little, some, much, ...rest], { maxUnused: { bytes: 20 * MIB } }).repack).toEqual([much])
    expect(choose([little, some, much, ...rest], { maxUnused: { bytes: 21 * MIB } }).repack).toEqual([])
    expect(choose([little, some, much, ...rest], { maxUnused: 'unlimited' }).repack).toEqual([])
  })

  test('of folders with waste are repacked whatever may stay', () => {
    const folders = aPack(15, 1, { type: 'tree' })
    expect(choose([folders, ...full(100)], { maxUnused: 'unlimited' }).repack).toEqual([folders])
  })

  test('that are mixed are repacked even without waste', () => {
    const mixed = aPack(16, 0, { type: 'mixed' })
    expect(choose([mixed, ...full(3)], { maxUnused: 'unlimited' }).repack).toEqual([mixed])
  })

  test('that are not compressed are repacked where they hold folders, or on request', () => {
    const folders = aPack(16, 0, { type: 'tree', uncompressed: true })
    const content = aPack(16, 0, { uncompressed: true })
    expect(choose([folders, content]).repack).toEqual([folders])
    expect(choose([folders, content], { repackUncompressed: true }).repack).toEqual([folders, content])
    expect(choose([folders, content], { repackUncompressed: true, canCompress: false }).repack).toEqual([])
  })

  test('that are small are put together where there are many', () => {
    const small = Array.from({ length: 9 }, () => aPack(1, 0))
    expect(choose([...small, ...full(500)]).repack).toEqual([])
    expect(choose([...small, aPack(1, 0), ...full(500)]).repack).toHaveLength(10)
  })

  test('that are small are counted apart from those of the other kind', () => {
    const folders = Array.from({ length: 9 }, () => aPack(1, 0, { type: 'tree' }))
    const content = Array.from({ length: 10 }, () => aPack(1, 0))
    expect(choose([...folders, ...content, ...full(1000)]).repack).toEqual(content)
    expect(choose([...folders, ...content.slice(1), ...full(1000)]).repack).toEqual([])
  })

  test('that are small where all are, as other clients can be told to make them, stay', () => {
    expect(choose(Array.from({ length: 50 }, () => aPack(5, 0))).repack).toEqual([])
  })

  test('are repacked up to a limit', () => {
    const wasteful = Array.from({ length: 5 }, () => aPack(8, 8))
    expect(choose(wasteful, { maxRepackBytes: 40 * MIB }).repack).toHaveLength(2)
    expect(choose(wasteful, { maxRepackBytes: 0 }).repack).toHaveLength(0)
  })
})

test('every pack has one fate, and no more is left unused than allowed', () => {
  const pack = fc.tuple(
    fc.integer({ min: 0, max: 16 }),
    fc.integer({ min: 0, max: 16 }),
    fc.constantFrom<PackUsage['type']>('data', 'data', 'tree', 'mixed'),
  )
  const packs = fc.array(
    pack.filter(([used, unused]) => used + unused > 0),
    { maxLength: 40 },
  )
  fc.assert(
    fc.property(packs, fc.integer({ min: 0, max: 99 }), (sizes, percent) => {
      const usages = sizes.map(([used, unused, type]) => aPack(used, unused, { type }))
      const { keep, repack, remove } = choose(usages, { maxUnused: { percent } })
      expect(new Set([...keep, ...repack, ...remove]).size).toBe(usages.length)
      expect(keep.length + repack.length + remove.length).toBe(usages.length)
      expect(remove.every((usage) => usage.usedBlobs === 0)).toBe(true)
      const unused = keep.reduce((sum, usage) => sum + usage.unusedBytes, 0)
      const used = [...keep, ...repack].reduce((sum, usage) => sum + usage.usedBytes, 0)
      expect(unused).toBeLessThanOrEqual((percent / 100) * (used + unused) + 1)
      expect(keep.every((usage) => sizeOf(usage) > 0)).toBe(true)
    }),
  )
})
