import { expect, test } from 'vitest'
import { parseDataSubset } from '../../src/parse/parse-data-subset.ts'

test.each([
  ['1/7', { kind: 'part', part: 1, of: 7 }],
  ['256/256', { kind: 'part', part: 256, of: 256 }],
  ['5%', { kind: 'percent', percent: 5 }],
  ['2.5%', { kind: 'percent', percent: 2.5 }],
  ['100%', { kind: 'percent', percent: 100 }],
  ['50M', { kind: 'size', bytes: 50 * 2 ** 20 }],
])('%s', (text, subset) => {
  expect(parseDataSubset(text)).toEqual(subset)
})

test.each(['', '0/7', '8/7', '1/257', '1/0', '0%', '101%', '%', '0', '-1/3', '1/2/3', 'all'])(
  '%j makes no sense',
  (text) => {
    expect(() => parseDataSubset(text)).toThrow(expect.objectContaining({ code: 'ERR_VARVE_BAD_ARGUMENT' }))
  },
)
