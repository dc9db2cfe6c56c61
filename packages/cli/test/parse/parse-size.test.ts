import { expect, test } from 'vitest'
import { parseSize } from '../../src/parse/parse-size.ts'

test.each([
  ['0', 0],
  ['4096', 4096],
  ['1k', 1024],
  ['1K', 1024],
  ['1kib', 1024],
  ['1.5M', 1_572_864],
  ['2 GiB', 2 * 2 ** 30],
  [' 3t ', 3 * 2 ** 40],
  ['100b', 100],
  ['0.5', 0],
])('%j is %d bytes', (text, bytes) => {
  expect(parseSize(text, '--size')).toBe(bytes)
})

test.each(['', 'k', '-1', '1x', '1e9', '0x10', '1 2', '1..5k', '99999999t', 'NaN', '١'])('%j is no size', (text) => {
  expect(() => parseSize(text, '--size')).toThrow(
    expect.objectContaining({ code: 'ERR_VARVE_BAD_ARGUMENT', message: expect.stringContaining('--size') as unknown }),
  )
})
