import { describe, expect, test, vi } from 'vitest'
import { ChunkStream } from '../../src/chunking/chunk-stream.ts'
import type { Chunker } from '../../src/chunking/chunker.ts'
import { createChunker } from '../../src/chunking/create-chunker.ts'
import { cutPiece } from '../../src/chunking/cut-piece.ts'
import { RabinKernel } from '../../src/chunking/rabin-kernel.ts'
import { noise } from '../fixtures/repository-fixture.ts'
import { countWork } from './counted-work.ts'

const MIB = 1024 * 1024
const content = noise(40 * MIB, 7)

/** Positions of one chunk that the kernel was asked to look at, in order, counted from the chunk's start. */
type Scan = readonly { readonly from: number; readonly to: number }[]

/** Lets `cut` cut `content` and return its chunks' lengths; what the kernel did for each of them. */
function scansOf(cut: (chunker: Chunker) => readonly number[]): { lengths: readonly number[]; scans: readonly Scan[] } {
  const chunker = createChunker({ kind: 'rabin', polynomial: 0x3da3358b4dc173n })
  const spy = vi.spyOn(RabinKernel.prototype, 'firstCandidate')
  const scans: { from: number; to: number }[][] = [[]]
  const lengths = cut({
    minSize: chunker.minSize,
    maxSize: chunker.maxSize,
    buffer: chunker.buffer,
    cut: (start, end, searched) => {
      const found = chunker.cut(start, end, searched)
      for (const [index, [from]] of spy.mock.calls.entries()) {
        scans.at(-1)?.push({ from: from - start, to: Number(spy.mock.results[index]?.value) - start })
      }
      spy.mockClear()
      if (found < end || found - start === chunker.maxSize) scans.push([])
      return found
    },
  })
  spy.mockRestore()
  return { lengths, scans }
}

function cutStream(chunker: Chunker): readonly number[] {
  const stream = new ChunkStream(chunker)
  const lengths: number[] = []
  for (let at = 0; at < content.length;) {
    // What a file gives at once is no multiple of anything.
    const room = stream.room().subarray(0, 300_001)
    const length = Math.min(room.length, content.length - at)
    room.set(content.subarray(at, at + length))
    at += length
    stream.fed(length)
    if (at === content.length) stream.end()
    for (let chunk = stream.next(); chunk !== undefined; chunk = stream.next()) lengths.push(chunk.length)
  }
  return lengths
}

/** @param onRead - called with how much was read each time */
function cutPieces(chunker: Chunker, onRead: (bytes: number) => void = () => undefined): readonly number[] {
  const lengths: number[] = []
  for (let at = 0, ended = false; !ended;) {
    const start = at
    const piece = cutPiece(chunker, content.length - start, (room, position) => {
      const from = start + position
      room.set(content.subarray(from, from + room.length))
      const length = Math.min(room.length, content.length - from)
      onRead(length)
      return length
    })
    lengths.push(...piece.chunks.map(({ length }) => length))
    at += piece.length
    ;({ ended } = piece)
  }
  return lengths
}

describe.each([
  { what: 'a stream', cut: cutStream },
  { what: 'a stream in pieces', cut: cutPieces },
])('cutting $what', ({ cut }) => {
  const { lengths, scans } = scansOf(cut)

  test('scans nothing of the first half MiB of a chunk, and no position twice', () => {
    expect(lengths.length).toBeGreaterThan(10)
    expect(scans.length).toBeGreaterThanOrEqual(lengths.length)
    for (const scan of scans) {
      let searched = 512 * 1024
      for (const { from, to } of scan) {
        expect(from).toBe(searched)
        searched = to
      }
    }
  })

  test('scans no more positions than chunks may end at', () => {
    // Each chunk's end must be looked at, and each place before it that is half a MiB from its start.
    const needed = lengths.reduce((sum, length) => sum + Math.max(0, length - 512 * 1024), 0)
    expect(scans.flat().reduce((sum, { from, to }) => sum + to - from, 0)).toBe(needed)
  })
})

test('a stream is moved within its memory less than a fifth of a time', () => {
  const chunker = createChunker({ kind: 'rabin', polynomial: 0x3da3358b4dc173n })
  const { did } = countWork(() => cutStream(chunker))
  // This test copies the stream into the memory, once. The memory has 10 MiB, and what is moved when it is full is the open chunk: 1.5 MiB on average.
  expect(did('copy').bytes).toBeLessThan(1.2 * content.length)
  // Views of that memory only.
  expect(did('allocate').bytes).toBe(0)
})

test('what is behind the last cut of a piece is read again, and nothing else', () => {
  const chunker = createChunker({ kind: 'rabin', polynomial: 0x3da3358b4dc173n })
  let read = 0
  cutPieces(chunker, (bytes) => {
    read += bytes
  })
  // A piece has 2.2 MiB on average; of the last 512 KiB that were read for it a half is behind its last cut: 1.11 now.
  expect(read / content.length).toBeLessThan(1.2)
})
