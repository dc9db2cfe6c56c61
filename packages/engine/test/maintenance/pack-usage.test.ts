import { describe, expect, test } from 'vitest'
import { EntrySet } from '../../src/history/entry-set.ts'
import { measurePacks, type PackUsage } from '../../src/maintenance/pack-usage.ts'
import { BlobIndex } from '../../src/repository/blob-index.ts'
import type { PackContents, PackedBlob } from '../../src/repository/blob.ts'
import { idOf } from '../../src/repository/id.ts'

const SIZE = 100

function blobOf(name: string, offset = 0): PackedBlob {
  const type = name.startsWith('tree') ? 'tree' : 'data'
  return { type, id: idOf(Buffer.from(name)), offset, length: SIZE, uncompressedLength: name.endsWith('z') ? 200 : 0 }
}

/** Packs by the names of their blobs: those that begin with `tree` are trees, those that end with `z` are compressed. */
function measure(used: readonly string[], ...packs: readonly (readonly string[])[]): readonly PackUsage[] {
  const index = new BlobIndex()
  const contents: PackContents[] = packs.map((names, i) => ({
    id: idOf(Buffer.of(i)),
    blobs: names.map((name, position) => blobOf(name, position * SIZE)),
  }))
  for (const pack of contents) index.add(pack)
  const entries = new EntrySet(index.entryCount)
  for (const name of used) entries.add(index.entryNumber(blobOf(name).type, blobOf(name).id))
  return [...measurePacks(() => index.numberedPacks(), index.entryCount, entries).values()]
}

describe('a pack is measured', () => {
  test('by what is needed of it', () => {
    expect(measure(['a', 'b'], ['a', 'b', 'c'])).toMatchObject([
      {
        usedBlobs: 2,
        usedBytes: 2 * SIZE + 36 + 3 * 37,
        unusedBlobs: 1,
        unusedBytes: SIZE,
        type: 'data',
        uncompressed: true,
      },
    ])
    expect(measure([], ['a'], ['treez'])).toMatchObject([
      { usedBlobs: 0, unusedBlobs: 1, type: 'data' },
      { usedBlobs: 0, unusedBlobs: 1, type: 'tree', uncompressed: false, usedBytes: 36 + 41 },
    ])
  })

  test('as mixed where it holds both kinds', () => {
    expect(measure(['a'], ['a', 'tree'])).toMatchObject([{ type: 'mixed' }])
  })
})

function usedOf(...usages: readonly PackUsage[]): readonly number[] {
  return usages.map((usage) => usage.usedBlobs)
}

describe('of a blob in several packs one place counts', () => {
  test('that is in a pack of which more is needed', () => {
    expect(usedOf(...measure(['a', 'b'], ['a', 'x'], ['a', 'b']))).toEqual([0, 2])
    expect(usedOf(...measure(['a', 'b'], ['a', 'b'], ['a', 'x']))).toEqual([2, 0])
  })

  test('that is in a pack of nothing but such blobs, as an interrupted prune leaves it', () => {
    expect(usedOf(...measure(['a', 'b'], ['x', 'a'], ['x', 'b'], ['a', 'b']))).toEqual([0, 0, 2])
  })

  test('or the last', () => {
    expect(usedOf(...measure(['a'], ['a', 'x'], ['a', 'y'], ['a', 'w']))).toEqual([0, 0, 1])
  })

  test('once, however often one pack has it', () => {
    const usages = measure(['a', 'b'], ['a', 'a', 'b'])
    expect(usedOf(...usages)).toEqual([2])
    expect(usages[0]?.unusedBlobs).toBe(1)
  })

  test('and no more, however many there are', () => {
    const packs = Array.from({ length: 600 }, (_, i) => ['a', `x${i}`])
    const usages = measure(['a'], ...packs)
    expect(usedOf(...usages).reduce((sum, blobs) => sum + blobs, 0)).toBe(1)
  })
})
