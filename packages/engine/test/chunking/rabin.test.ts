import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RabinChunker } from '../../src/chunking/rabin.ts'
import { chunkSizes, chunksOf } from './chunks-of.ts'
import { pseudoRandom } from './pseudo-random.ts'
import { plantCandidate } from './rabin-definition.ts'

const POLYNOMIAL = 0x3da3358b4dc173n
const KIB = 1024
const MIB = 1024 * KIB
const MIN = 512 * KIB
const MAX = 8 * MIB

const chunker = new RabinChunker(POLYNOMIAL)
const noise = pseudoRandom(7, 24 * MIB)
/** Never allows a cut for this polynomial. */
const FILL = 0x01

function filled(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).fill(FILL)
}

function ends(sizes: readonly number[]): readonly number[] {
  let position = 0
  return sizes.map((size) => (position += size))
}

describe('RabinChunker', () => {
  it('has room for more than two of the largest chunks', () => {
    expect([chunker.minSize, chunker.maxSize]).toEqual([MIN, MAX])
    expect(chunker.buffer.length).toBeGreaterThan(MAX)
  })

  it('loses and adds nothing, and keeps to the sizes', () => {
    let position = 0
    const source = noise.subarray(0, 20 * MIB + 12_345)
    const pieces = Array.from(
      chunksOf(chunker, (target) => {
        const piece = source.subarray(position, position + Math.min(target.length, 700_001))
        target.set(piece)
        position += piece.length
        return piece.length
      }),
      (chunk) => Buffer.from(chunk),
    )
    expect(Buffer.concat(pieces).equals(source)).toBe(true)
    expect(pieces.length).toBeGreaterThan(5)
    for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(MAX)
    for (const piece of pieces.slice(0, -1)) expect(piece.length).toBeGreaterThanOrEqual(MIN)
  })

  it('cuts at the same places however the bytes arrive', () => {
    const expected = chunkSizes(new RabinChunker(POLYNOMIAL), noise)
    for (const readSize of [65_536, 1_000_003, 9 * MIB]) expect(chunkSizes(chunker, noise, readSize)).toEqual(expected)
  })

  it('cuts elsewhere with another polynomial', () => {
    expect(chunkSizes(new RabinChunker(0x2482734cacca49n), noise)).not.toEqual(chunkSizes(chunker, noise))
  })

  it('cuts at the same content after bytes were inserted or removed near the front', () => {
    const before = ends(chunkSizes(chunker, noise))
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000 }), fc.integer({ min: -1000, max: 1000 }), (at, change) => {
        const changed = Buffer.concat([
          noise.subarray(0, at),
          pseudoRandom(8, Math.max(0, change)),
          noise.subarray(at + Math.max(0, -change)),
        ])
        expect(ends(chunkSizes(chunker, changed))).toEqual(before.map((end) => end + change))
      }),
      { numRuns: 5 },
    )
  })

  it('finds its old cuts again after much was inserted in the middle', () => {
    const before = ends(chunkSizes(chunker, noise))
    const inserted = 3 * MIB + 17
    const changed = Buffer.concat([noise.subarray(0, 7 * MIB), pseudoRandom(11, inserted), noise.subarray(7 * MIB)])
    const after = ends(chunkSizes(chunker, changed))
    const front = before.filter((end) => end <= 7 * MIB)
    expect(after.slice(0, front.length)).toEqual(front)
    const back = before.filter((end) => after.includes(end + inserted))
    expect(back.length).toBeGreaterThan(before.length / 3)
    // once they agree, they agree to the end
    expect(back).toEqual(before.slice(-back.length))
  })

  it('cuts zeros as soon as it may, as the digest of zeros is zero', () => {
    expect(chunkSizes(chunker, new Uint8Array(4 * MIN))).toEqual([MIN, MIN, MIN, MIN])
  })

  it('cuts after 8 MiB where the content allows no cut', () => {
    expect(chunkSizes(chunker, filled(17 * MIB))).toEqual([MAX, MAX, MIB])
  })

  it.each([MIN, MIN + 1, MIN + 15, MIN + 16, MIN + 66_560, MIB, MAX - 1])(
    'cuts at a candidate %i bytes from the start',
    (at) => {
      const bytes = filled(MAX + 1000)
      plantCandidate(bytes, at, POLYNOMIAL)
      expect(chunkSizes(chunker, bytes)).toEqual(
        [at, MAX + 1000 - at].flatMap((size) => (size > MAX ? [MAX, size - MAX] : [size])),
      )
    },
  )

  it.each([1000, MIN - 64, MIN - 1])('does not cut at a candidate %i bytes from the start', (at) => {
    const bytes = filled(MIB)
    plantCandidate(bytes, at, POLYNOMIAL)
    expect(chunkSizes(chunker, bytes)).toEqual([MIB])
  })

  it('gives a stream that ends early as it is', () => {
    for (const size of [1, 64, MIN - 1, MIN, MIN + 1]) expect(chunkSizes(chunker, filled(size))).toEqual([size])
    expect(chunkSizes(chunker, new Uint8Array(0))).toEqual([])
  })

  it('gives the end for a chunk that ends with the stream, even at a candidate', () => {
    const bytes = filled(MIB)
    plantCandidate(bytes, MIB, POLYNOMIAL)
    expect(chunkSizes(chunker, bytes)).toEqual([MIB])
  })

  it('can be asked about any part of its buffer', () => {
    const bytes = filled(2 * MIB)
    plantCandidate(bytes, MIB, POLYNOMIAL)
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8 * MIB }), (offset) => {
        chunker.buffer.fill(0, Math.max(0, offset - 100), offset)
        chunker.buffer.set(bytes, offset)
        expect(chunker.cut(offset, offset + 2 * MIB)).toBe(offset + MIB)
      }),
      { numRuns: 30 },
    )
  })

  it('refuses a polynomial of another degree', () => {
    expect(() => new RabinChunker(0x3n)).toThrow(expect.objectContaining({ code: 'ERR_VARVE_BAD_ARGUMENT' }))
  })
})
