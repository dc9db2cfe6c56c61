import { isDeepStrictEqual } from 'node:util'
import { isVarveError, type ErrorCode } from '@varve/platform'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeIncrement } from '../../src/increment/decode-increment.ts'
import { encodeIncrement } from '../../src/increment/encode-increment.ts'
import type { Increment, TrackedState } from '../../src/increment/increment.ts'
import { increment as anyIncrement } from './arbitraries.ts'

const WHAT = 'the metadata'

const file = (size: number): TrackedState => ({
  type: 'file',
  mode: 0o644,
  mtime: 1_767_225_600_123_456_789n,
  size,
  hash: 'ab'.repeat(32),
})

const increment: Increment = {
  name: 'backup_20260101_120000',
  time: new Date('2026-01-01T11:00:00.123Z'),
  previous: undefined,
  source: '/home/me/Documents',
  digest: 'cd'.repeat(32),
  entries: [
    { path: 'changed', before: file(3), after: file(4) },
    { path: 'gone', before: file(5), after: undefined },
    { path: 'link', before: undefined, after: { type: 'symlink', mode: 0o777, mtime: -1n, target: '../else where' } },
    { path: 'new', before: undefined, after: { type: 'dir', mode: 0o2755, mtime: 0n } },
  ],
}

const failure = (work: () => unknown): ErrorCode | undefined => {
  try {
    work()
  } catch (error) {
    if (isVarveError(error)) return error.code
    throw error
  }
  return undefined
}

const edited = (edit: (text: string) => string): Buffer => Buffer.from(edit(encodeIncrement(increment).toString()))

describe('metadata', () => {
  it('reads what was written, whatever the names are', () => {
    fc.assert(
      fc.property(anyIncrement, (any) => {
        expect(decodeIncrement(encodeIncrement(any), WHAT)).toEqual(any)
      }),
    )
  })

  it('reads what a tool formatted anew', () => {
    fc.assert(
      fc.property(anyIncrement, fc.constantFrom(undefined, 2, '\t'), (any, space) => {
        const anew = JSON.stringify(JSON.parse(encodeIncrement(any).toString()), undefined, space)
        expect(decodeIncrement(Buffer.from(anew), WHAT)).toEqual(any)
        expect(decodeIncrement(Buffer.from(`${anew}\n`), WHAT)).toEqual(any)
      }),
    )
  })

  it("keeps the original program's names", () => {
    const json = JSON.parse(encodeIncrement(increment).toString()) as object
    expect(json).toMatchObject({
      version: '2.0',
      backup_timestamp: expect.stringMatching(/^\d{8}_\d{6}$/),
      summary: { total_entries: 4, new: 2, changed: 1, deleted: 1 },
      statistics: { tracked_files: 1, tracked_size: 4, deleted_files: 1, deleted_size: 5 },
      file_catalog: {
        changed: {
          size: 4,
          mtime: expect.closeTo(1_767_225_600.123, 3),
          mtime_iso: '2026-01-01T00:00:00.123Z',
          category: 'track',
          backup_path: 'track/changed',
          before: { size: 3 },
        },
        gone: { size: 5, category: 'deleted', backup_path: 'deleted/gone' },
      },
    })
  })

  it('tells that it was rebuilt', () => {
    const rebuilt = { ...increment, recreatedAt: new Date('2026-02-01T00:00:00Z') }
    expect(decodeIncrement(encodeIncrement(rebuilt), WHAT)).toEqual(rebuilt)
  })

  it('is not made of entries out of order', () => {
    const entries = increment.entries.toReversed()
    expect(() => encodeIncrement({ ...increment, entries })).toThrow(/comes after/)
  })

  it('has many entries', () => {
    const entries = Array.from({ length: 5000 }, (_, i) => ({
      path: `f${String(i).padStart(5, '0')}`,
      before: undefined,
      after: file(i),
    }))
    expect(decodeIncrement(encodeIncrement({ ...increment, entries }), WHAT).entries).toEqual(entries)
  })

  it.each([
    ['a size that differs', (text: string) => text.replace('"size":4', '"size":5')],
    ['a mode of another file', (text: string) => text.replace('"mode":420', '"mode":493')],
    ['a state before that is missing', (text: string) => text.replace(/,"before":\{[^}]*\}/, '')],
    ['an entry that is missing', (text: string) => text.replace(/ {4}"gone".*\n/, '')],
    ['an entry twice', (text: string) => text.replace(/( {4}"gone".*\n)/, '$1$1')],
    ['an end that is missing', (text: string) => text.slice(0, -20)],
    ['nothing', () => ''],
    ['something else', () => '{"version": "2.0"}'],
    ['no object', () => '[2]'],
    ['a negative size', (text: string) => text.replace('"size":4', '"size":-4')],
    ['an increment before that is none', (text: string) => text.replace('"source"', '"previous": "../x",\n"source"')],
    ['another category', (text: string) => text.replace('"category":"track"', '"category":"else"')],
  ])('refuses %s', (_, edit) => {
    expect(['ERR_VARVE_DAMAGED', 'ERR_VARVE_FORMAT']).toContain(failure(() => decodeIncrement(edited(edit), WHAT)))
  })

  it.each(['../changed', '/changed', 'a//b', 'a/./b', '\\u0000', '', '\\ud800', '\\udcc3\\udca9'])(
    'refuses the path "%s"',
    (hostile) => {
      const bytes = edited((text) => text.replace('"changed": {', `"${hostile}": {`))
      expect(() => decodeIncrement(bytes, WHAT)).toThrow(/is no path/)
      expect(failure(() => decodeIncrement(bytes, WHAT))).toBe('ERR_VARVE_DAMAGED')
    },
  )

  it('notices any byte that changes what it says, and never fails otherwise', () => {
    const bytes = encodeIncrement(increment)
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Buffer.from(bytes)
        damaged[at] = (damaged[at] ?? 0) ^ change
        let read: Increment | undefined
        const code = failure(() => void (read = decodeIncrement(damaged, WHAT)))
        const known: readonly unknown[] = ['ERR_VARVE_DAMAGED', 'ERR_VARVE_FORMAT']
        expect(known.includes(code) || isDeepStrictEqual(read?.entries, increment.entries)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('says that a later version wrote it', () => {
    const later = edited((text) => text.replace('"2.0"', '"3.0"'))
    expect(() => decodeIncrement(later, WHAT)).toThrow(/version 3\.0/)
    expect(failure(() => decodeIncrement(later, WHAT))).toBe('ERR_VARVE_FORMAT')
  })
})
