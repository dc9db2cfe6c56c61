import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PackedBlob } from '../../src/repository/blob.ts'
import { idFromBytes } from '../../src/repository/id.ts'
import { encodeIndexedPack } from '../../src/repository/index-file.ts'
import { PackedBlobs } from '../../src/repository/packed-blobs.ts'
import { contentsOf, imaginaryPack, randomId } from './test-packs.ts'

const number = fc.nat(0xffff_ffff)
const blob: fc.Arbitrary<PackedBlob> = fc.record({
  type: fc.constantFrom('data' as const, 'tree' as const),
  id: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => idFromBytes(bytes)),
  offset: number,
  length: number,
  uncompressedLength: number,
})

describe('blobs in columns', () => {
  test('are what they were in another thread too, however many', () => {
    fc.assert(
      fc.property(fc.array(blob, { maxLength: 200 }), (blobs) => {
        const pack = { id: randomId(), blobs }
        const indexed = encodeIndexedPack(pack)
        expect(indexed.blobs).toBe(blobs.length)
        expect(contentsOf(structuredClone(indexed, { transfer: [indexed.records.buffer] }))).toEqual(pack)
      }),
    )
  })

  test('start anew when they are cleared, and what was taken of them stays', () => {
    const { id, blobs } = imaginaryPack(100)
    const packed = PackedBlobs.of(blobs)
    const { records } = packed
    packed.clear()
    expect(packed.count).toBe(0)
    expect(() => packed.offset(0)).toThrow(/no blob 0/)
    packed.add('tree', randomId(), 1, 2, 3)
    expect(packed.count).toBe(1)
    expect(contentsOf({ id, records, blobs: blobs.length })).toEqual({ id, blobs })
  })
})
