import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { wantedPieces, wholePieces, type WantedPiece } from '../../src/maintenance/pack-pieces.ts'
import type { PackedBlob } from '../../src/repository/blob.ts'
import { idOf } from '../../src/repository/id.ts'
import { PackedBlobs } from '../../src/repository/packed-blobs.ts'

/** Blobs as lengths, each with a gap before it. Negative gaps are what only a damaged index has. */
function blobsOf(parts: readonly (readonly [number, number])[]): readonly PackedBlob[] {
  let offset = 0
  return parts.map(([gap, length], i) => {
    const start = Math.max(0, offset + gap)
    offset = start + length
    return { type: 'data', id: idOf(Buffer.from(String(i))), offset: start, length, uncompressedLength: 0 }
  })
}

const length = fc.oneof(fc.integer({ min: 32, max: 5000 }), fc.integer({ min: 32, max: 6_000_000 }))
const sound = fc.array(fc.tuple(fc.constant(0), length), { maxLength: 40 }).map(blobsOf)
const odd = fc.array(fc.tuple(fc.integer({ min: -2_000_000, max: 2_000_000 }), length), { maxLength: 40 }).map(blobsOf)

/** The pieces of a whole pack with their blobs. */
function piecesOf(size: number, blobs: readonly PackedBlob[]): readonly WantedPiece[] {
  const packed = PackedBlobs.inOrder(blobs)
  return wholePieces(size, packed).map(({ offset, length, from, to }) => {
    return { offset, length, blobs: Array.from({ length: to - from }, (_, i) => packed.blob(from + i)) }
  })
}

function endOf(blobs: readonly PackedBlob[]): number {
  return Math.max(0, ...blobs.map((blob) => blob.offset + blob.length))
}

function holds(piece: WantedPiece, blob: PackedBlob): boolean {
  return blob.offset >= piece.offset && blob.offset + blob.length <= piece.offset + piece.length
}

describe('a pack is cut into pieces', () => {
  test('that follow each other, end where it ends, and cut no blob', () => {
    fc.assert(
      fc.property(fc.oneof(sound, odd), fc.nat(100_000), (blobs, more) => {
        const size = endOf(blobs) + more
        const pieces = piecesOf(size, blobs.toReversed())
        let end = 0
        for (const piece of pieces) {
          expect(piece.offset).toBe(end)
          end += piece.length
          for (const blob of piece.blobs) expect(holds(piece, blob)).toBe(true)
        }
        expect(end).toBe(size)
        expect(pieces.flatMap((piece) => piece.blobs)).toHaveLength(blobs.length)
      }),
    )
  })

  test('none of which is much longer than needed', () => {
    fc.assert(
      fc.property(sound, (blobs) => {
        const longest = Math.max(0, ...blobs.map((blob) => blob.length))
        for (const piece of piecesOf(endOf(blobs) + 500, blobs)) {
          expect(piece.length).toBeLessThanOrEqual(1024 * 1024 + longest + 500)
        }
      }),
    )
  })

  test('that end where it ends, also where an index says that it goes on', () => {
    fc.assert(
      fc.property(fc.oneof(sound, odd), fc.double({ min: 0, max: 1, noNaN: true }), (blobs, part) => {
        const size = Math.floor(endOf(blobs) * part)
        const pieces = piecesOf(size, blobs)
        expect(pieces.reduce((sum, piece) => sum + piece.length, 0)).toBe(size)
        expect(pieces.every((piece) => piece.length >= 0)).toBe(true)
        expect(pieces.flatMap((piece) => piece.blobs)).toHaveLength(blobs.length)
      }),
    )
  })
})

describe('wanted blobs', () => {
  test('are each in one piece', () => {
    fc.assert(
      fc.property(fc.oneof(sound, odd), (blobs) => {
        const pieces = wantedPieces(blobs)
        expect(pieces.flatMap((piece) => piece.blobs)).toHaveLength(blobs.length)
        for (const piece of pieces) for (const blob of piece.blobs) expect(holds(piece, blob)).toBe(true)
      }),
    )
  })

  test('are read together where little lies between them, and apart where much does', () => {
    const [a, near, , far] = blobsOf([
      [0, 1000],
      [100_000, 1000],
      [0, 5_000_000],
      [0, 1000],
    ])
    if (a === undefined || near === undefined || far === undefined) throw new Error('there should be four blobs')
    expect(wantedPieces([far, a, near]).map(({ offset, length }) => [offset, length])).toEqual([
      [0, 102_000],
      [far.offset, 1000],
    ])
    expect(wantedPieces([])).toEqual([])
  })
})
