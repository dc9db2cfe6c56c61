import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Chunker, ChunkerParameters } from '../../src/chunking/chunker.ts'
import { ChunkStream } from '../../src/chunking/chunk-stream.ts'
import { createChunker } from '../../src/chunking/create-chunker.ts'
import { cutPiece } from '../../src/chunking/cut-piece.ts'
import { noise } from '../fixtures/repository-fixture.ts'

const MIB = 1024 * 1024
const CHUNKERS: Readonly<Record<string, ChunkerParameters>> = {
  rabin: { kind: 'rabin', polynomial: 0x3da3358b4dc173n },
  'fixed, small': { kind: 'fixed', size: 64 * 1024 },
  'fixed, a power of two': { kind: 'fixed', size: MIB },
  'fixed, odd': { kind: 'fixed', size: 3 * MIB + 17 },
}

function lengthsInOneGo(chunker: Chunker, content: Uint8Array): number[] {
  const stream = new ChunkStream(chunker)
  const lengths: number[] = []
  for (let at = 0; at < content.length;) {
    const room = stream.room()
    const count = Math.min(room.length, content.length - at)
    room.set(content.subarray(at, at + count))
    at += count
    stream.fed(count)
    if (at === content.length) stream.end()
    for (let chunk = stream.next(); chunk !== undefined; chunk = stream.next()) lengths.push(chunk.length)
  }
  return lengths
}

/** Cuts all of it, each piece with a chunker of its own; reads give at most `most` bytes. */
function pieces(parameters: ChunkerParameters, content: Uint8Array, most: number): Uint8Array[][] {
  const all: Uint8Array[][] = []
  for (let at = 0, ended = content.length === 0; !ended;) {
    const start = at
    const piece = cutPiece(createChunker(parameters), content.length - start, (room, position) => {
      const bytes = content.subarray(start + position, start + position + Math.min(room.length, most))
      room.set(bytes)
      return bytes.length
    })
    all.push(piece.chunks.map((chunk) => chunk.slice()))
    expect(piece.length).toBe(piece.chunks.reduce((sum, chunk) => sum + chunk.length, 0))
    expect(piece.length).toBeGreaterThan(0)
    at += piece.length
    ended = piece.ended
  }
  return all
}

describe.each(Object.entries(CHUNKERS))('%s', (_, parameters) => {
  test('the chunks of the pieces are those of the whole', () => {
    const size = fc.oneof(
      fc.integer({ min: 0, max: 20 * MIB }),
      fc.constantFrom(0, 1, MIB, 4 * MIB, 8 * MIB, 8 * MIB + 1),
    )
    fc.assert(
      fc.property(size, fc.integer({ min: 1, max: 999 }), fc.constantFrom(700_001, 64 * MIB), (length, seed, most) => {
        const content = noise(length, seed)
        const cut = pieces(parameters, content, most).flat()
        expect(cut.map((chunk) => chunk.length)).toEqual(lengthsInOneGo(createChunker(parameters), content))
        expect(Buffer.concat(cut).equals(content)).toBe(true)
      }),
      { numRuns: 8 },
    )
  })
})

test('content without any cut is cut at the greatest size', () => {
  const content = new Uint8Array(30 * MIB)
  const lengths = pieces({ kind: 'rabin', polynomial: 0x3da3358b4dc173n }, content, 64 * MIB).map((piece) =>
    piece.map((chunk) => chunk.length),
  )
  expect(lengths.flat()).toEqual(
    lengthsInOneGo(createChunker({ kind: 'rabin', polynomial: 0x3da3358b4dc173n }), content),
  )
})

test('a stream that ends early ends with what there was', () => {
  const content = noise(3 * MIB, 5)
  const chunker = createChunker({ kind: 'fixed', size: 2 * MIB })
  const read = (room: Uint8Array, position: number): number => {
    const bytes = content.subarray(position, position + room.length)
    room.set(bytes)
    return bytes.length
  }
  expect(cutPiece(chunker, 100 * MIB, read)).toMatchObject({ length: 2 * MIB, ended: false })
  expect(cutPiece(chunker, 100 * MIB, (room, position) => read(room, 2 * MIB + position))).toMatchObject({
    length: MIB,
    ended: true,
  })
  expect(cutPiece(chunker, 100 * MIB, () => 0)).toMatchObject({ chunks: [], length: 0, ended: true })
  expect(cutPiece(chunker, 0, () => 1)).toMatchObject({ chunks: [], length: 0, ended: true })
})
