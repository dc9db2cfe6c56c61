import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { escapeJson, escapeText } from '../../src/terminal/escape-text.ts'

test('ordinary text of any script stays as it is', () => {
  const text = 'Grüße/日本語/مرحبا/नमस्ते/👩‍👩‍👧 ok.txt \\n'
  expect(escapeText(text)).toBe(text)
})

test.each([
  ['a\nb\tc\r', 'a\\nb\\tc\\r'],
  ['\u001B[2J\u001B]0;title\u0007', '\\x1b[2J\\x1b]0;title\\x07'],
  ['\u009B31m', '\\u009b31m'],
  ['\u007F', '\\x7f'],
  ['invoice\u202Efdp.exe', 'invoice\\u202efdp.exe'],
  ['\uDC80\uDCFF.txt', '\\x80\\xff.txt'],
  ['\uD800', '\\ud800'],
  ['a\u2028b', 'a\\u2028b'],
])('%j is made harmless', (text, escaped) => {
  expect(escapeText(text)).toBe(escaped)
})

test('nothing that controls a terminal is left, whatever goes in, and once is enough', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const escaped = escapeText(text)
      // oxlint-disable-next-line no-control-regex -- that is what must not be there
      expect(escaped).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/)
      expect(escaped.isWellFormed()).toBe(true)
      expect(escapeText(escaped)).toBe(escaped)
    }),
  )
})

test('escaped JSON means the same', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(JSON.parse(escapeJson(JSON.stringify(text)))).toBe(text)
    }),
  )
})
