import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { fitEnd, fitStart, padEnd, padStart, textWidth } from '../../src/terminal/text-width.ts'

test.each([
  ['', 0],
  ['abc', 3],
  ['日本', 4],
  ['한글', 4],
  ['ｆｕｌｌ', 8],
  ['e\u0301', 1],
  ['é', 1],
  ['😀', 2],
  ['—…', 2],
  ['नमस्ते', 4],
])('%j', (text, width) => {
  expect(textWidth(text)).toBe(width)
})

test('what is cut to a width fits into it, and loses no more than it must', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 0, max: 20 }), (text, columns) => {
      const start = fitStart(text, columns)
      expect(text.startsWith(start)).toBe(true)
      expect(textWidth(start)).toBeLessThanOrEqual(columns)
      const end = fitEnd(text, columns)
      expect(textWidth(end)).toBeLessThanOrEqual(columns)
      const fits = textWidth(text) <= columns
      expect(start === text).toBe(fits)
      expect(end === text).toBe(fits)
      expect(textWidth(start)).toBeGreaterThanOrEqual(Math.min(textWidth(text), columns - 1))
    }),
  )
})

test('the end of a path is kept', () => {
  expect(fitEnd('/a/very/long/path/name.txt', 10)).toBe('…/name.txt')
  expect(fitEnd('日本語', 4)).toBe('…語')
})

test('padding counts columns, not characters', () => {
  expect(padEnd('日', 4)).toBe('日  ')
  expect(padStart('日', 4)).toBe('  日')
  expect(padEnd('too long', 3)).toBe('too long')
})
