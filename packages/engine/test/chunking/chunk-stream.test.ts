import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ChunkStream } from '../../src/chunking/chunk-stream.ts'
import type { Chunker } from '../../src/chunking/chunker.ts'

/** Cuts after each byte 255 once a chunk has `minSize` bytes; notes what it was asked to search. */
class MarkChunker implements Chunker {
  readonly minSize = 3
  readonly maxSize = 10
  readonly buffer = new Uint8Array(12)
  searched = 0

  cut(start: number, end: number, searched = start): number {
    const from = Math.max(start + this.minSize, searched)
    for (let at = from; at < end; at++) {
      this.searched++
      if (this.buffer[at - 1] === 255) return at
    }
    return end
  }
}

function cutWhole(bytes: readonly number[]): number[][] {
  const chunks: number[][] = []
  let chunk: number[] = []
  for (const [at, byte] of bytes.entries()) {
    chunk.push(byte)
    const ends = (byte === 255 && chunk.length >= 3 && at + 1 < bytes.length) || chunk.length === 10
    if (!ends) continue
    chunks.push(chunk)
    chunk = []
  }
  return chunk.length === 0 ? chunks : [...chunks, chunk]
}

function cutStream(stream: ChunkStream, bytes: readonly number[], pieces: readonly number[]): number[][] {
  const chunks: number[][] = []
  const take = (): void => {
    for (let chunk = stream.next(); chunk !== undefined; chunk = stream.next()) chunks.push([...chunk])
  }
  stream.restart()
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const room = stream.room()
    expect(room.length).toBeGreaterThan(0)
    const count = Math.min(room.length, bytes.length - at, pieces[turn % pieces.length] ?? 1)
    room.set(bytes.slice(at, at + count))
    stream.fed(count)
    at += count
    take()
  }
  stream.end()
  take()
  return chunks
}

describe('ChunkStream', () => {
  const bytes = fc.array(fc.oneof(fc.constant(255), fc.integer({ min: 0, max: 255 })), { maxLength: 200 })
  const pieces = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 5 })

  it('cuts the same however the stream arrives, one stream after the other', () => {
    const stream = new ChunkStream(new MarkChunker())
    fc.assert(
      fc.property(bytes, pieces, (input, sizes) => {
        expect(cutStream(stream, input, sizes)).toEqual(cutWhole(input))
      }),
    )
  })

  it('has no position searched twice', () => {
    fc.assert(
      fc.property(bytes, pieces, (input, sizes) => {
        const chunker = new MarkChunker()
        cutStream(new ChunkStream(chunker), input, sizes)
        expect(chunker.searched).toBeLessThanOrEqual(input.length)
      }),
    )
  })

  it('gives nothing for a stream that is empty', () => {
    expect(cutStream(new ChunkStream(new MarkChunker()), [], [1])).toEqual([])
  })
})
