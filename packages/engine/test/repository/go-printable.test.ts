import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import { isPrintable } from '../../src/repository/go-printable.ts'

test('every code point is judged as Go does', () => {
  const printable = Buffer.alloc(0x110000)
  for (let code = 0; code < printable.length; code++) printable[code] = isPrintable(code) ? 1 : 0
  // Made with Go 1.26 (Unicode 15.0.0): SHA-256 of strconv.IsPrint of every code point, a byte 0 or 1 each.
  expect(hash('sha256', printable)).toBe('a24a109bc8e347f9490466c59e4160d0dc9dd1006a5be9a4c91af71cd2e7fa99')
})

test.each([
  ['A', true],
  ['\u00a0', false],
  ['\u00ad', false],
  ['\u0378', false], // not assigned
  ['\u200b', false],
  ['\u3000', false],
  ['\ue000', false], // private use
  ['\ufffd', true],
  ['\u{1fa77}', true], // new in Unicode 15.0
  ['\u{1fae9}', false], // new in Unicode 16.0
  ['\u{10ffff}', false],
])('%j: %s', (character, printable) => {
  expect(isPrintable(character.codePointAt(0) ?? 0)).toBe(printable)
})
