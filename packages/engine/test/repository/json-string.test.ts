import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nameFromBytes } from '@varve/platform/file-name'
import { quoteName } from '../../src/repository/go-quote.ts'
import { jsonString } from '../../src/repository/json-string.ts'

/** Texts as hexadecimal bytes, what Go's json.Marshal makes of them, and what it makes of their strconv.Quote. */
const ENCODED = [
  ['706c61696e2e747874', '"plain.txt"', '"plain.txt"'],
  ['', '""', '""'],
  ['612062', '"a b"', '"a b"'],
  ['7122756f7465', '"q\\"uote"', '"q\\\\\\"uote"'],
  ['6261636b5c736c617368', '"back\\\\slash"', '"back\\\\\\\\slash"'],
  ['69742773', '"it\'s"', '"it\'s"'],
  ['6e65770a6c696e65', '"new\\nline"', '"new\\\\nline"'],
  [
    '7461620963720d62656c6c0762730866660c76740b',
    '"tab\\tcr\\rbell\\u0007bs\\bff\\fvt\\u000b"',
    '"tab\\\\tcr\\\\rbell\\\\abs\\\\bff\\\\fvt\\\\v"',
  ],
  ['00011f7f', '"\\u0000\\u0001\\u001f\u007f"', '"\\\\x00\\\\x01\\\\x1f\\\\x7f"'],
  ['c3bc', '"\u00fc"', '"\u00fc"'],
  ['e697a5e69cace8aa9e', '"\u65e5\u672c\u8a9e"', '"\u65e5\u672c\u8a9e"'],
  ['c2a0', '"\u00a0"', '"\\\\u00a0"'],
  ['c2ad', '"\u00ad"', '"\\\\u00ad"'],
  ['e2808b', '"\u200b"', '"\\\\u200b"'],
  ['e280a8e280a9', '"\\u2028\\u2029"', '"\\\\u2028\\\\u2029"'],
  ['e38080', '"\u3000"', '"\\\\u3000"'],
  ['ee8080', '"\ue000"', '"\\\\ue000"'],
  ['efbbbf', '"\ufeff"', '"\\\\ufeff"'],
  ['efbfbd', '"\ufffd"', '"\ufffd"'],
  ['efbfbe', '"\ufffe"', '"\\\\ufffe"'],
  ['f09f9880', '"\u{1f600}"', '"\u{1f600}"'],
  ['f09faba9', '"\u{1fae9}"', '"\\\\U0001fae9"'],
  ['f09f9b98', '"\u{1f6d8}"', '"\\\\U0001f6d8"'],
  ['f3a08081', '"\u{e0001}"', '"\\\\U000e0001"'],
  ['f4808080', '"\u{100000}"', '"\\\\U00100000"'],
  ['f48fbfbf', '"\u{10ffff}"', '"\\\\U0010ffff"'],
  ['cdb8', '"\u0378"', '"\\\\u0378"'],
  ['d880', '"\u0600"', '"\\\\u0600"'],
  ['65cc81', '"e\u0301"', '"e\u0301"'],
  ['ff', '"\\ufffd"', '"\\\\xff"'],
  ['618062', '"a\\ufffdb"', '"a\\\\x80b"'],
  ['c3', '"\\ufffd"', '"\\\\xc3"'],
  ['c3a9c3', '"\u00e9\\ufffd"', '"\u00e9\\\\xc3"'],
  ['e282', '"\\ufffd\\ufffd"', '"\\\\xe2\\\\x82"'],
  ['eda080', '"\\ufffd\\ufffd\\ufffd"', '"\\\\xed\\\\xa0\\\\x80"'],
  ['edb280', '"\\ufffd\\ufffd\\ufffd"', '"\\\\xed\\\\xb2\\\\x80"'],
  ['f09f98', '"\\ufffd\\ufffd\\ufffd"', '"\\\\xf0\\\\x9f\\\\x98"'],
  ['f4908080', '"\\ufffd\\ufffd\\ufffd\\ufffd"', '"\\\\xf4\\\\x90\\\\x80\\\\x80"'],
  ['c0af', '"\\ufffd\\ufffd"', '"\\\\xc0\\\\xaf"'],
  ['3c263e', '"\\u003c\\u0026\\u003e"', '"\\u003c\\u0026\\u003e"'],
  ['5c783431', '"\\\\x41"', '"\\\\\\\\x41"'],
  ['5c7530306539', '"\\\\u00e9"', '"\\\\\\\\u00e9"'],
  ['f09fa9b7', '"\u{1fa77}"', '"\u{1fa77}"'],
  ['e0b0bc', '"\u0c3c"', '"\u0c3c"'],
  ['e1b289', '"\u1c89"', '"\\\\u1c89"'],
] as const

describe('strings in JSON', () => {
  test.each(ENCODED)('%s', (hex, encoded) => {
    expect(jsonString(nameFromBytes(Buffer.from(hex, 'hex')))).toBe(encoded)
  })

  test.each(ENCODED)('%s, quoted', (hex, _encoded, encodedQuoted) => {
    expect(jsonString(quoteName(nameFromBytes(Buffer.from(hex, 'hex'))))).toBe(encodedQuoted)
  })

  test('are read as what they were', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(JSON.parse(jsonString(text))).toBe(text)
      }),
      { numRuns: 1000 },
    )
  })

  test('never hold what HTML or JavaScript would take as its own', () => {
    const unit = fc.oneof(
      fc.constantFrom(...'<>&\u2028\u2029"\\\n\0'.split('')),
      fc.string({ unit: 'binary', maxLength: 1 }),
    )
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        expect(jsonString(text).replaceAll(/[\x7f-\x9f]/g, '')).not.toMatch(/[<>&\u2028\u2029\p{Cc}]/u)
      }),
    )
  })
})
