import { isVarveError } from '@varve/platform'
import { describe, expect, it } from 'vitest'
import { compileMasks } from '../../src/search/name-masks.ts'
import { compileQuery } from '../../src/search/search-query.ts'
import { parseSizeFilter } from '../../src/search/size-filter.ts'
import { looksLikeMoment, parseMoment, parseTimeFilter } from '../../src/search/time-filter.ts'

function day(year: number, month: number, date: number): number {
  return new Date(year, month - 1, date).getTime()
}

const refuses = (work: () => unknown): boolean => {
  try {
    work()
  } catch (error) {
    if (isVarveError(error, 'ERR_VARVE_BAD_ARGUMENT')) return error.hint !== undefined
    throw error
  }
  return false
}

describe('masks', () => {
  it.each([
    ['*.py', 'src/a.py', true],
    ['*.py', 'src/a.pyc', false],
    ['[abc]*', 'src/bee', true],
    ['[!abc]*', 'bee', false],
    ['src/*.py', 'src/deep/a.py', true],
    ['?', 'src/x', true],
    ['word', 'some/swords/x', true],
    ['word', 'some/Words', false],
    ['a/b', 'xa/by', true],
    ['*', 'new\nline', true],
    ['-', 'a-b', true],
  ])('%j on %j', (mask, path, expected) => {
    expect(compileMasks([mask])(path)).toBe(expected)
  })

  it('are several', () => {
    const matches = compileMasks(['*.py', 'read'])
    expect(['a.py', 'README', 'thread'].map(matches)).toEqual([true, false, true])
  })

  it('are not empty', () => expect(refuses(() => compileMasks(['*.py', '']))).toBe(true))
})

describe('sizes', () => {
  const M = 1024 ** 2
  const most = Number.MAX_SAFE_INTEGER
  it.each([
    ['>100M', 100 * M + 1, most],
    ['>=1k', 1024, most],
    ['<1G', 0, 1024 ** 3 - 1],
    ['<=1GiB', 0, 1024 ** 3],
    ['500K-2M', 500 * 1024, 2 * M],
    [' 500 K - 2 MB ', 500 * 1024, 2 * M],
    ['4096', 4096, 4096],
    ['1.5K', 1536, 1536],
    ['0', 0, 0],
  ])('%j', (text, min, max) => expect(parseSizeFilter(text)).toEqual({ min, max }))

  it.each(['', 'x', '-1', '>', '>x', '2M-500K', '1-2-3', '1X', '<0', '>>1', '1e9', 'NaN', '99999999999T', '100M>'])(
    'is not %j',
    (text) => expect(refuses(() => parseSizeFilter(text))).toBe(true),
  )
})

describe('times', () => {
  it.each([
    ['2026-01-31', day(2026, 1, 31), day(2026, 2, 1)],
    ['2026-01-01..2026-02-01', day(2026, 1, 1), day(2026, 2, 2)],
    ['<2026-01-31', -Infinity, day(2026, 2, 1)],
    ['>2026-01-31', day(2026, 1, 31), Infinity],
    ['2026-01-31T18:30', day(2026, 1, 31) + 18.5 * 3_600_000, day(2026, 1, 31) + 18.5 * 3_600_000 + 60_000],
    ['2024-02-29', day(2024, 2, 29), day(2024, 3, 1)],
    ['0099-01-01', new Date(2000, 0, 1).setFullYear(99), new Date(2000, 0, 2).setFullYear(99)],
  ])('%j', (text, from, until) => expect(parseTimeFilter(text)).toEqual({ from, until }))

  it.each([
    '',
    'yesterday',
    '2026-02-30',
    '2026-13-01',
    '2026-1-1',
    '..',
    '2026-01-01..',
    '2026-02-01..2026-01-01',
    '<',
    '2026-01-01T25:00',
  ])('is not %j', (text) => expect(refuses(() => parseTimeFilter(text))).toBe(true))

  it('has a last moment', () => {
    expect(parseMoment('2026-01-31').getTime()).toBe(day(2026, 2, 1) - 1)
    expect(looksLikeMoment('2026-01-31')).toBe(true)
    expect(looksLikeMoment('backup_20260131_120000')).toBe(false)
  })
})

describe('queries', () => {
  it.each([
    { last: 0 },
    { last: 1.5 },
    { last: Number.NaN },
    { path: '' },
    { path: '/etc' },
    { path: 'a/../b' },
    { path: './' },
  ])('are not %j', (query) => expect(refuses(() => compileQuery(query))).toBe(true))

  it('takes paths by how they begin', () => {
    const { matchesPath } = compileQuery({ path: './src/a', masks: ['*.ts'] })
    expect(['src/a/b.ts', 'src/ab.ts', 'src/b.ts', 'src/a/b.js'].map((path) => matchesPath?.(path))).toEqual([
      true,
      true,
      false,
      false,
    ])
  })
})
