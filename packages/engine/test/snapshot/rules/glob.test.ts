import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nameFromBytes } from '@varve/platform/file-name'
import { byteString } from '../../../src/snapshot/rules/byte-string.ts'
import { compileGlob } from '../../../src/snapshot/rules/glob.ts'

function matches(pattern: string, name: string): boolean | undefined {
  return compileGlob(byteString(pattern))?.matches(byteString(name))
}

describe('what a pattern matches', () => {
  test.each([
    ['abc', 'abc', true],
    ['abc', 'abcd', false],
    ['', '', true],
    ['', 'a', false],
    ['*', '', true],
    ['*', '.hidden', true],
    ['*.o', 'main.o', true],
    ['*.o', '.o', true],
    ['*.o', 'main.o.c', false],
    ['a*', 'a', true],
    ['a*', 'ba', false],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['*b*', 'abc', true],
    ['*b*', 'ac', false],
    ['a*b*c', 'a--b--c', true],
    ['a*b*c', 'a--c--b', false],
    ['a*b*b', 'a-b-b-b', true],
    ['**', 'abc', true],
    ['a**b', 'a-b', true],
    ['a***', 'a', true],
    ['*?', '', false],
    ['*?', 'a', true],
    ['?*?', 'a', false],
    ['?', 'a', true],
    ['?', '', false],
    ['?', 'ab', false],
    ['a?c', 'abc', true],
    ['[abc]', 'b', true],
    ['[abc]', 'd', false],
    ['[a-c]', 'b', true],
    ['[a-c]x', 'bx', true],
    ['[^a-c]', 'b', false],
    ['[^a-c]', 'd', true],
    ['[^a-c]', '', false],
    ['[a-cx-z]', 'y', true],
    ['[c-a]', 'b', false],
    ['[!a]', '!', true],
    ['[!a]', 'b', false],
    ['[a^]', '^', true],
    ['[*]', '*', true],
    ['[*]', 'a', false],
    ['[[*]*', '[x', true],
    [String.raw`[\]]`, ']', true],
    [String.raw`[\-]`, '-', true],
    [String.raw`[x\-z]`, 'y', false],
    [String.raw`[\a-c]`, 'b', true],
    [String.raw`a\*b`, 'a*b', true],
    [String.raw`a\*b`, 'axb', false],
    [String.raw`a\*b*`, 'a*bc', true],
    [String.raw`\[a]`, '[a]', true],
    [String.raw`\a`, 'a', true],
    [String.raw`\\`, '\\', true],
    ['a]', 'a]', true],
    ['?]', 'a]', true],
  ])('%s on %s: %s', (pattern, name, wanted) => {
    expect(matches(pattern, name)).toBe(wanted)
  })

  test('a question mark and a class take a whole character, a star bytes, as in Go', () => {
    expect(matches('?', '漢')).toBe(true)
    expect(matches('[^a]', '\u{1f600}')).toBe(true)
    expect(matches('[α-ω]', 'μ')).toBe(true)
    expect(matches('[α-ω]', 'm')).toBe(false)
    expect(matches('??', 'é')).toBe(false)
    expect(matches('*??', '漢')).toBe(true)
    expect(matches('*é', 'café')).toBe(true)
  })

  test('a byte that is not part of valid UTF-8 counts as U+FFFD', () => {
    const name = nameFromBytes(Buffer.from([0x61, 0xff, 0x62]))
    expect(matches('a?b', name)).toBe(true)
    expect(matches('a[\ufffd]b', name)).toBe(true)
    expect(matches('a[^b]b', name)).toBe(true)
    expect(matches(name, name)).toBe(true)
    expect(matches(`*${nameFromBytes(Buffer.from([0xff]))}b`, name)).toBe(true)
    expect(matches('??', nameFromBytes(Buffer.from([0xe6, 0xbc])))).toBe(true)
    // An encoded surrogate and an overlong form are not valid either.
    expect(matches('???', nameFromBytes(Buffer.from([0xed, 0xa0, 0x80])))).toBe(true)
    expect(matches('??', nameFromBytes(Buffer.from([0xc0, 0x80])))).toBe(true)
  })
})

test.each([
  '[',
  '[a',
  '[]',
  '[]a]',
  '[^]',
  '[^]a]',
  '[-a]',
  '[a-]',
  '[a-',
  '[a-]b',
  '[^-a]',
  'a[',
  '*[',
  '\\',
  'a\\',
  '[\\',
  '[a\\',
  '[a-\\',
  '[\udcff]',
])('%s is malformed', (pattern) => {
  expect(compileGlob(byteString(pattern))).toBeUndefined()
})

test('a pattern without wildcards says which name it is', () => {
  expect(compileGlob(byteString('a.b]'))?.literal).toBeUndefined()
  expect(compileGlob(byteString('a.b'))?.literal).toBe('a.b')
  expect(compileGlob(byteString('a*'))?.literal).toBeUndefined()
})

test('is what a regular expression of the same meaning says', () => {
  const pieces = fc.array(fc.constantFrom('*', '?', 'a', 'b', 'ab', '[ab]', '[^a]', '\\*', '.'), { maxLength: 7 })
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.'), maxLength: 8 })
  const sources: Readonly<Record<string, string>> = { '*': '.*', '?': '.', '.': '\\.' }
  fc.assert(
    fc.property(pieces, name, (pattern, text) => {
      const expression = new RegExp(`^${pattern.map((piece) => sources[piece] ?? piece).join('')}$`, 's')
      expect(matches(pattern.join(''), text)).toBe(expression.test(text))
    }),
    { numRuns: 3000 },
  )
})

test('no number of stars makes matching slow', () => {
  const name = 'a'.repeat(255)
  expect(matches(`${'a*'.repeat(100)}b`, name)).toBe(false)
  expect(matches(`${'*a'.repeat(100)}*b`, name)).toBe(false)
  expect(matches(`${'*?'.repeat(100)}[^a]`, name)).toBe(false)
  expect(matches(`${'*a?'.repeat(80)}*`, name)).toBe(true)
})
