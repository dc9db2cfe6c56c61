import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expandEnvironment } from '../../../src/snapshot/rules/expand-environment.ts'
import { parsePatterns, readPatternFile } from '../../../src/snapshot/rules/pattern-file.ts'
import { textLines, trimLine } from '../../../src/snapshot/rules/text-file.ts'

const ENVIRONMENT = { HOME: '/home/anna', A_1: 'x', EMPTY: '', GONE: undefined }

describe('variables', () => {
  test.each([
    ['$HOME/x', '/home/anna/x'],
    ['${HOME}/x', '/home/anna/x'],
    ['$HOME$A_1', '/home/annax'],
    ['$A_1-', 'x-'],
    ['$A_12', ''],
    ['a$EMPTY$GONE${MISSING}b', 'ab'],
    ['$$HOME', '$HOME'],
    ['${$}', '$'],
    ['a$', 'a$'],
    ['a$/b', 'a$/b'],
    ['a$ b', 'a$ b'],
    ['a$.', 'a$.'],
    // Names of one special character, of which none is set.
    ['[$1][$10][$*][$#][$@][$!][$?][$-]', '[][0][][][][][][]'],
    // No valid references.
    ['a${}b', 'ab'],
    ['a${', 'a'],
    ['a${HOME', 'aHOME'],
    // What every object has is not in the environment.
    ['[$constructor][$__proto__]', '[][]'],
  ])('%s', (text, wanted) => {
    expect(expandEnvironment(text, ENVIRONMENT)).toBe(wanted)
  })

  test('text without a dollar sign stays', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const plain = text.replaceAll('$', '')
        expect(expandEnvironment(plain, ENVIRONMENT)).toBe(plain)
      }),
    )
  })
})

describe('lines', () => {
  test.each([
    ['', []],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\r\nb\r\n\r\nc\rd', ['a', 'b', '', 'c\rd']],
    ['\n\n', ['', '']],
  ])('of %j', (text, lines) => {
    expect(textLines(Buffer.from(text))).toEqual(lines)
  })

  test.each([
    ['UTF-8', Buffer.from('\ufeffé\nb', 'utf8')],
    ['UTF-16, little end first', Buffer.from('\ufeffé\nb', 'utf16le')],
    ['UTF-16, big end first', Buffer.from('\ufeffé\nb', 'utf16le').swap16()],
  ])('%s with a byte order mark', (_, bytes) => {
    expect(textLines(bytes)).toEqual(['é', 'b'])
  })

  test('bytes that are not UTF-8 are kept', () => {
    expect(textLines(Buffer.from('caf\xe9\n', 'latin1'))).toEqual(['caf\udce9'])
  })

  test('white space is what Go takes for it', () => {
    expect(trimLine('\u00a0\u0085\t a b \u3000\v\f\r')).toBe('a b')
    expect(trimLine('\ufeffa\u200b')).toBe('\ufeffa\u200b')
    expect(trimLine(' '.repeat(100_000) + 'a' + ' '.repeat(100_000) + 'b')).toMatch(/^a +b$/)
    expect(trimLine(' \t ')).toBe('')
  })
})

describe('a file of patterns', () => {
  const text = '# comment\n\n  *.o  \n   # another\n$HOME/tmp\n!keep\nprice$$\na#b\n'

  test('gives its patterns', () => {
    const wanted = ['*.o', '/home/anna/tmp', '!keep', 'price$', 'a#b']
    expect(parsePatterns(Buffer.from(text), ENVIRONMENT)).toEqual(wanted)
    const folder = mkdtempSync(join(tmpdir(), 'varve-test-'))
    try {
      writeFileSync(join(folder, 'patterns'), text)
      expect(readPatternFile(join(folder, 'patterns'), ENVIRONMENT)).toEqual(wanted)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('that cannot be read is named', () => {
    expect(() => readPatternFile('/nowhere/patterns', {})).toThrow(
      expect.objectContaining({
        code: 'ERR_VARVE_BAD_ARGUMENT',
        message: expect.stringContaining('/nowhere/patterns'),
      }),
    )
  })
})
