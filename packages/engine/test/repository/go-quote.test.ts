import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nameFromBytes, nameToBytes } from '@varve/platform/file-name'
import { quoteName, unquoteName } from '../../src/repository/go-quote.ts'

/** Names as hexadecimal bytes, and what Go's strconv.Quote makes of them. */
const QUOTED = [
  ['706c61696e2e747874', 'plain.txt'],
  ['', ''],
  ['612062', 'a b'],
  ['7122756f7465', 'q\\"uote'],
  ['6261636b5c736c617368', 'back\\\\slash'],
  ['69742773', "it's"],
  ['6e65770a6c696e65', 'new\\nline'],
  ['7461620963720d62656c6c0762730866660c76740b', 'tab\\tcr\\rbell\\abs\\bff\\fvt\\v'],
  ['00011f7f', '\\x00\\x01\\x1f\\x7f'],
  ['c3bc', '\u00fc'],
  ['e697a5e69cace8aa9e', '\u65e5\u672c\u8a9e'],
  ['c2a0', '\\u00a0'],
  ['c2ad', '\\u00ad'],
  ['e2808b', '\\u200b'],
  ['e280a8e280a9', '\\u2028\\u2029'],
  ['e38080', '\\u3000'],
  ['ee8080', '\\ue000'],
  ['efbbbf', '\\ufeff'],
  ['efbfbd', '\ufffd'],
  ['efbfbe', '\\ufffe'],
  ['f09f9880', '\u{1f600}'],
  ['f09faba9', '\\U0001fae9'],
  ['f09f9b98', '\\U0001f6d8'],
  ['f3a08081', '\\U000e0001'],
  ['f4808080', '\\U00100000'],
  ['f48fbfbf', '\\U0010ffff'],
  ['cdb8', '\\u0378'],
  ['d880', '\\u0600'],
  ['65cc81', 'e\u0301'],
  ['ff', '\\xff'],
  ['618062', 'a\\x80b'],
  ['c3', '\\xc3'],
  ['c3a9c3', '\u00e9\\xc3'],
  ['e282', '\\xe2\\x82'],
  ['eda080', '\\xed\\xa0\\x80'],
  ['edb280', '\\xed\\xb2\\x80'],
  ['f09f98', '\\xf0\\x9f\\x98'],
  ['f4908080', '\\xf4\\x90\\x80\\x80'],
  ['c0af', '\\xc0\\xaf'],
  ['3c263e', '<&>'],
  ['5c783431', '\\\\x41'],
  ['5c7530306539', '\\\\u00e9'],
  ['f09fa9b7', '\u{1fa77}'],
  ['e0b0bc', '\u0c3c'],
  ['e1b289', '\\u1c89'],
] as const

describe('quoting', () => {
  test.each(QUOTED)('%s', (hex, quoted) => {
    expect(quoteName(nameFromBytes(Buffer.from(hex, 'hex')))).toBe(quoted)
  })

  test('can be undone, whatever the bytes', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
      fc.string({ unit: fc.constantFrom(...'\\"\'xu0U789abfnrtv\n\u00a0'.split('')) }).map((text) => Buffer.from(text)),
    )
    fc.assert(
      fc.property(bytes, (original) => {
        const unquoted = unquoteName(quoteName(nameFromBytes(original)))
        expect(unquoted === undefined ? undefined : nameToBytes(unquoted)).toEqual(Buffer.from(original))
      }),
      { numRuns: 3000 },
    )
  })

  test.each(['\ud800', 'a\udc7fb', '\udfff'])('%j stands for no bytes', (name) => {
    expect(() => quoteName(name)).toThrow(expect.objectContaining({ code: 'ERR_VARVE_BAD_ARGUMENT' }))
  })

  test('leaves only what can be printed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(quoteName(text)).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u)
      }),
    )
  })
})

describe('unquoting', () => {
  test.each(QUOTED)('%s', (hex, quoted) => {
    const name = unquoteName(quoted)
    expect(name === undefined ? undefined : nameToBytes(name).toString('hex')).toBe(hex)
  })

  // What Go's strconv.Unquote makes of each between quotation marks.
  test.each([
    ['\\"', '22'],
    ['\\000', '00'],
    ['\\377', 'ff'],
    ['\\x41', '41'],
    ['\\u00E9', 'c3a9'],
    ['\\U0010ffff', 'f48fbfbf'],
    ['a\rb', '610d62'],
    ['`', '60'],
    ["'", '27'],
    ['\\a\\b\\f\\n\\r\\t\\v\\\\', '07080c0a0d090b5c'],
    ['caf\u00e9 \u{1f600}\\n', '636166c3a920f09f98800a'],
  ])('%j is read', (quoted, hex) => {
    const name = unquoteName(quoted)
    expect(name === undefined ? undefined : nameToBytes(name).toString('hex')).toBe(hex)
  })

  test('escaped bytes that are UTF-8 together are the character', () => {
    expect(unquoteName('\\xC3\\xa9\\xff')).toBe('\u00e9\udcff')
    expect(unquoteName('\\303\\251')).toBe('\u00e9')
  })

  test.each([
    "\\'",
    '"',
    'a"b',
    '\\0',
    '\\400',
    '\\x4',
    '\\xg0',
    '\\ud800',
    '\\udc80',
    '\\U00110000',
    '\\U0000d800',
    '\\u12',
    '\\q',
    '\\',
    'a\\',
    'a\nb',
    '\\\n',
    '\\\u00e9',
    '\\8',
    '\\08',
    '\\UFFFFFFFF',
  ])('%j is refused', (quoted) => {
    expect(unquoteName(quoted)).toBeUndefined()
  })
})
