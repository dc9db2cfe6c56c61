import { describe, expect, it } from 'vitest'
import { FixedChunker } from '../../src/chunking/fixed.ts'
import { chunkSizes } from './chunks-of.ts'

const MIB = 1024 * 1024

describe('FixedChunker', () => {
  it.each([
    [10, 35, [10, 10, 10, 5]],
    [10, 30, [10, 10, 10]],
    [10, 9, [9]],
    [10, 0, []],
    [MIB, 9 * MIB + 1, [...Array.from({ length: 9 }, () => MIB), 1]],
    [5 * MIB, 12 * MIB, [5 * MIB, 5 * MIB, 2 * MIB]],
  ])('with %i bytes a chunk, cuts %i bytes into %j', (size, length, expected) => {
    const bytes = new Uint8Array(length)
    expect(chunkSizes(new FixedChunker(size), bytes)).toEqual(expected)
    expect(chunkSizes(new FixedChunker(size), bytes, 7919)).toEqual(expected)
  })

  it.each([1, 4096, 64 * MIB])('has room for two chunks of %i bytes', (size) => {
    const chunker = new FixedChunker(size)
    expect([chunker.minSize, chunker.maxSize]).toEqual([size, size])
    expect(chunker.buffer.length).toBeGreaterThanOrEqual(2 * size)
  })

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 64 * MIB + 1])('refuses chunks of %d bytes', (size) => {
    expect(() => new FixedChunker(size)).toThrow(expect.objectContaining({ code: 'ERR_VARVE_BAD_ARGUMENT' }))
  })
})
