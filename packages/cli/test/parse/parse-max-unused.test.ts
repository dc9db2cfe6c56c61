import { expect, test } from 'vitest'
import { parseMaxUnused } from '../../src/parse/parse-max-unused.ts'

test.each([
  ['unlimited', 'unlimited'],
  ['5%', { percent: 5 }],
  ['0', { bytes: 0 }],
  ['1.5G', { bytes: 1.5 * 2 ** 30 }],
])('%s', (text, limit) => {
  expect(parseMaxUnused(text)).toEqual(limit)
})

test.each(['', '100%', '-1%', 'none', '5 percent'])('%j makes no sense', (text) => {
  expect(() => parseMaxUnused(text)).toThrow(expect.objectContaining({ code: 'ERR_VARVE_BAD_ARGUMENT' }))
})
