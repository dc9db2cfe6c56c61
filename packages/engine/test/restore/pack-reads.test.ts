import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { idOf, type Id } from '../../src/repository/id.ts'
import { packReads, type PackRead } from '../../src/restore/pack-reads.ts'
import { PlannedPieces } from '../../src/restore/planned-pieces.ts'

const MIB = 1 << 20

interface Place {
  readonly pack: number
  readonly offset: number
  readonly length: number
  readonly wanted: boolean
}

function packId(number: number): Id {
  return idOf(Buffer.from(`pack ${number}`))
}

function piecesOf(places: readonly Place[]): PlannedPieces {
  const pieces = new PlannedPieces()
  for (const [i, { pack, offset, length, wanted }] of places.entries()) {
    const id = idOf(Buffer.from(String(i)))
    pieces.add(i, 0, { type: 'data', id, pack: packId(pack), offset, length, uncompressedLength: 0 })
    pieces.setWanted(i, wanted)
  }
  return pieces
}

function allReads(pieces: PlannedPieces): Iterable<PackRead> {
  return packReads(pieces, 0, pieces.count)
}

describe('reading packs', () => {
  test('covers every wanted piece once, in few ranges that are not too long', () => {
    const place = fc.record({
      pack: fc.integer({ min: 0, max: 3 }),
      offset: fc.integer({ min: 0, max: 16 * MIB }),
      length: fc.oneof(fc.integer({ min: 32, max: 5000 }), fc.integer({ min: 32, max: 5 * MIB })),
      wanted: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(place, { maxLength: 60 }), (places) => {
        const read = new Set<number>()
        for (const { pack, offset, length, pieces } of allReads(piecesOf(places))) {
          let previous = -1
          for (const piece of pieces) {
            const it = places[piece]
            if (it === undefined) throw new Error('there is no such piece')
            expect(it.wanted && packId(it.pack) === pack && !read.has(piece)).toBe(true)
            expect(it.offset >= offset && it.offset + it.length <= offset + length).toBe(true)
            expect(it.offset).toBeGreaterThanOrEqual(previous)
            previous = it.offset
            read.add(piece)
          }
          const longest = Math.max(...[...pieces].map((piece) => places[piece]?.length ?? 0))
          expect(length <= Math.max(2 * MIB, longest)).toBe(true)
        }
        expect(read.size).toBe(places.filter(({ wanted }) => wanted).length)
      }),
    )
  })

  test('reads across small gaps and around large ones', () => {
    const reads = [
      ...allReads(
        piecesOf([0, 50_000, 500_000, 500_500].map((offset) => ({ pack: 0, offset, length: 1000, wanted: true }))),
      ),
    ]
    expect(reads.map(({ offset, length }) => [offset, length])).toEqual([
      [0, 51_000],
      [500_000, 1500],
    ])
  })

  test('takes the packs in the order in which files need them', () => {
    const reads = [...allReads(piecesOf([7, 2, 7, 5].map((pack) => ({ pack, offset: 0, length: 100, wanted: true }))))]
    expect(reads.map(({ pack }) => pack)).toEqual([packId(7), packId(2), packId(5)])
    expect(reads.map(({ pieces }) => [...pieces])).toEqual([[0, 2], [1], [3]])
  })

  test('reads nothing where nothing is wanted', () => {
    expect([...allReads(piecesOf([]))]).toEqual([])
    expect([...allReads(piecesOf([{ pack: 0, offset: 0, length: 100, wanted: false }]))]).toEqual([])
  })
})
