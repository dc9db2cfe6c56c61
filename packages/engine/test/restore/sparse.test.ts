import * as fc from 'fast-check'
import { statSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Id } from '../../src/repository/id.ts'
import { contentRuns } from '../../src/restore/zero-runs.ts'
import { noise } from '../fixtures/repository-fixture.ts'
import { makeFiles, RestoreFixture } from './restore-fixture.ts'

const MIB = 1 << 20

/** Bytes that a file takes on its disk. */
function allocated(path: string): number {
  return statSync(path).blocks * 512
}

/** A file of a megabyte of zeros with something in the middle, one of zeros only, and a small one, in blobs of the given sizes. */
async function sparseFiles(): Promise<{ fixture: RestoreFixture; middle: Buffer }> {
  const fixture = await RestoreFixture.create()
  const { repositories } = fixture
  const middle = Buffer.alloc(8 * MIB)
  noise(10_000, 1).copy(middle, 3 * MIB + 123)
  const cut = (content: Buffer, size: number): readonly Id[] => {
    const ids: Id[] = []
    for (let at = 0; at < content.length; at += size)
      ids.push(repositories.blob('data', content.subarray(at, at + size)))
    return ids
  }
  const file = (content: Buffer, size: number) =>
    fixture.file('', { content: cut(content, size), size: BigInt(content.length) })
  await fixture.snapshot({
    'in pieces': file(middle, MIB - 1000),
    'in one piece': file(middle, 8 * MIB),
    'all zeros': file(Buffer.alloc(4 * MIB), MIB),
    'all zeros in one piece': file(Buffer.alloc(4 * MIB), 4 * MIB),
    small: file(Buffer.alloc(10_000), 10_000),
  })
  return { fixture, middle }
}

describe('long runs of zeros', () => {
  test('become holes in new files', async () => {
    const { fixture, middle } = await sparseFiles()
    expect(await fixture.restore({ verify: true })).toMatchObject({ filesVerified: 5, problems: 0 })
    const path = (name: string) => join(fixture.target, name)
    expect(readFileSync(path('in pieces')).equals(middle)).toBe(true)
    expect(allocated(path('in pieces'))).toBeLessThan(256 * 1024)
    expect(allocated(path('in one piece'))).toBeLessThan(64 * 1024)
    expect(allocated(path('all zeros'))).toBe(0)
    expect(allocated(path('all zeros in one piece'))).toBe(0)
    expect(allocated(path('small'))).toBeGreaterThan(0)
  })

  test('are written where holes are not wanted', async () => {
    const { fixture } = await sparseFiles()
    expect(await fixture.restore({ verify: true, sparse: false })).toMatchObject({ filesVerified: 5, problems: 0 })
    expect(allocated(join(fixture.target, 'in pieces'))).toBeGreaterThanOrEqual(8 * MIB)
    expect(allocated(join(fixture.target, 'all zeros in one piece'))).toBeGreaterThanOrEqual(4 * MIB)
  })

  test('are written over what a file has there', async () => {
    const { fixture, middle } = await sparseFiles()
    makeFiles(fixture.target, {
      'in pieces': noise(8 * MIB, 2),
      'in one piece': noise(9 * MIB, 3),
      'all zeros': noise(5000, 4),
    })
    expect(await fixture.restore({ verify: true })).toMatchObject({ filesVerified: 5, problems: 0 })
    expect(readFileSync(join(fixture.target, 'in one piece')).equals(middle)).toBe(true)
  })
})

describe('the runs to write', () => {
  const SHORTEST_HOLE = 16 * 1024

  test('leave out nothing but zeros, and all long runs of them', () => {
    const part = fc.record({ zero: fc.boolean(), length: fc.integer({ min: 1, max: 60_000 }) })
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), fc.integer({ min: 0, max: 10_000 }), (parts, offset) => {
        const content = Buffer.concat(parts.map(({ zero, length }) => Buffer.alloc(length, zero ? 0 : 1)))
        const written = Buffer.alloc(content.length)
        let last = 0
        for (const { start, end } of contentRuns(content, offset)) {
          expect(start === 0 || start - last >= SHORTEST_HOLE).toBe(true)
          expect(end).toBeGreaterThan(start)
          content.copy(written, start, start, end)
          last = end
        }
        expect(written.equals(content)).toBe(true)
        // A run that is longer than the shortest hole by what the blocks at its ends may have of it is a hole.
        const kept = [...contentRuns(content, offset)]
        let position = 0
        const missed = parts.filter(({ zero, length }) => {
          const from = position + 4096
          position += length
          const to = position - 4096
          return zero && to - from >= SHORTEST_HOLE && kept.some(({ start, end }) => start < to && end > from)
        })
        expect(missed).toEqual([])
      }),
    )
  })
})
