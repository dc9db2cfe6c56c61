import { randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BlobOpener } from '../../src/repository/blob-opening.ts'
import { BlobVerifier } from '../../src/repository/blob-verifying.ts'
import type { PackedBlob } from '../../src/repository/blob.ts'
import { Compressor } from '../../src/repository/compression.ts'
import { idOf } from '../../src/repository/id.ts'
import { PackedBlobs } from '../../src/repository/packed-blobs.ts'
import { Sealer } from '../../src/repository/sealing.ts'
import { noise } from '../fixtures/repository-fixture.ts'

const key = { encrypt: randomBytes(32), macK: randomBytes(16), macR: randomBytes(16) }
const sealer = new Sealer(key)
const compressor = new Compressor('auto')
const verifier = new BlobVerifier(key)

interface Piece {
  readonly bytes: Buffer
  readonly offset: number
  readonly blobs: readonly PackedBlob[]
}

/** A piece of a pack, every other blob of which is compressed. */
function pieceOf(sizes: readonly number[], offset = 0): Piece {
  const sealed: Buffer[] = []
  let end = offset
  const blobs = sizes.map((size, i): PackedBlob => {
    const content = noise(size, i)
    const compressed = i % 2 === 1 && size > 0
    const bytes = sealer.seal(compressed ? compressor.compress(content) : content)
    sealed.push(bytes)
    const start = end
    end += bytes.length
    const uncompressedLength = compressed ? size : 0
    return { type: 'data', id: idOf(content), offset: start, length: bytes.length, uncompressedLength }
  })
  return { bytes: Buffer.concat(sealed), offset, blobs }
}

/** What is wrong with each blob, as opening them one after the other finds it. */
function faultsInTurn({ bytes, offset, blobs }: Piece): readonly { at: number; message: string }[] {
  const opener = new BlobOpener(sealer)
  const copy = Buffer.from(bytes)
  return blobs.flatMap((blob, at) => {
    const start = blob.offset - offset
    try {
      opener.open(copy.subarray(start, start + blob.length), blob)
      return []
    } catch (error) {
      return [{ at, message: error instanceof Error ? error.message : '' }]
    }
  })
}

function faultsTogether({ bytes, offset, blobs }: Piece): readonly { at: number; message: string }[] {
  const packed = PackedBlobs.inOrder(blobs)
  const taken: number[] = []
  const found = verifier.verify(Buffer.from(bytes), offset, packed, 0, blobs.length, (at, content) => {
    expect(idOf(content)).toBe(packed.blob(at).id)
    taken.push(at)
  })
  // All blobs are either given or said to be damaged.
  expect([...taken, ...found.map(({ at }) => at)].toSorted((a, b) => a - b)).toEqual([...blobs.keys()])
  return found.toSorted((a, b) => a.at - b.at)
}

const SIZES = [0, 1, 15, 16, 17, 5000, 4096, 4097, 100_000, 33, 300, 40_000]

describe('the blobs of a piece that are verified together', () => {
  test('are found right, however many and however large they are', () => {
    const many = Array.from({ length: 700 }, (_, i) => (i * 37) % 900)
    for (const sizes of [[], SIZES, many, [...SIZES, ...many]]) expect(faultsTogether(pieceOf(sizes, 5000))).toEqual([])
  })

  test('are each found to be what opening one after the other finds, wherever bits are wrong', () => {
    const sound = pieceOf([...SIZES, ...SIZES], 77)
    const length = sound.bytes.length
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(length * 8 - 1), { minLength: 1, maxLength: 6 }), (bits) => {
        const bytes = Buffer.from(sound.bytes)
        for (const bit of bits) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        const piece = { ...sound, bytes }
        const expected = faultsInTurn(piece)
        expect(faultsTogether(piece)).toEqual(expected)
        expect(expected).not.toEqual([])
      }),
    )
  })

  test('are each found to be what opening one after the other finds, whatever is said of them', () => {
    const sound = pieceOf([...SIZES, ...SIZES], 10)
    const change = fc.record({
      at: fc.nat(sound.blobs.length - 1),
      by: fc.constantFrom<Partial<PackedBlob>>(
        { id: idOf(Buffer.of(1)) },
        { uncompressedLength: 0 },
        { uncompressedLength: 17 },
        { uncompressedLength: 100_000 },
        { uncompressedLength: 0xffff_ffff },
        { length: 32 },
        { length: 60_000_000 },
      ),
    })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 4 }), (changes) => {
        const blobs = [...sound.blobs]
        for (const { at, by } of changes) {
          const blob = blobs[at]
          if (blob !== undefined) blobs[at] = { ...blob, ...by }
        }
        const piece = { ...sound, blobs }
        expect(faultsTogether(piece)).toEqual(faultsInTurn(piece))
      }),
    )
  })

  test('may lie over one another, as far as an index is concerned', () => {
    const { bytes, offset, blobs } = pieceOf([100, 200, 300])
    const [first, second, third] = blobs
    if (first === undefined || second === undefined || third === undefined) throw new Error('there should be three')
    const piece = { bytes, offset, blobs: [first, first, second, { ...second, id: third.id }, third] }
    const expected = faultsInTurn(piece)
    expect(expected.map(({ at }) => at)).toEqual([1, 3])
    expect(faultsTogether(piece)).toEqual(expected)
  })

  test('need not be all that columns hold, and leave the others as they are', () => {
    const { bytes, blobs } = pieceOf([300, 400, 500, 600])
    const before = Buffer.from(bytes)
    expect(verifier.verify(bytes, 0, PackedBlobs.inOrder(blobs), 1, 3)).toEqual([])
    const [end = 0, start = 0] = [blobs[0]?.length, blobs[3]?.offset]
    expect(bytes.subarray(0, end)).toEqual(before.subarray(0, end))
    expect(bytes.subarray(start)).toEqual(before.subarray(start))
    expect(bytes).not.toEqual(before)
  })

  test('are refused where a nonce is all zeros', () => {
    const piece = pieceOf([300, 400])
    piece.bytes.fill(0, 0, 16)
    expect(faultsTogether(piece)).toEqual([{ at: 0, message: 'its nonce is all zeros' }])
  })
})
