import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteStrings } from '../../src/repository/byte-strings.ts'
import { JsonError, JsonReader } from '../../src/repository/json-reader.ts'

const keys = new ByteStrings(['name', 'size'])

function reader(json: string | Uint8Array): JsonReader {
  return new JsonReader(typeof json === 'string' ? Buffer.from(json) : json, keys)
}

/** Reads a whole document with the reader's own means. */
function readAny(json: JsonReader, start: string): unknown {
  if (start.startsWith('{')) {
    const entries: [string, unknown][] = []
    for (let key = json.firstKey(); key !== undefined; key = json.nextKey()) entries.push([key, JSON.parse(json.raw())])
    return Object.fromEntries(entries)
  }
  if (start.startsWith('[')) {
    const elements: unknown[] = []
    for (let more = json.firstElement(); more; more = json.nextElement()) elements.push(JSON.parse(json.raw()))
    return elements
  }
  if (start.startsWith('"')) return json.string()
  return JSON.parse(json.raw())
}

test('documents are read as JSON.parse reads them', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), fc.nat(2), (value, space) => {
      const text = JSON.stringify(value, undefined, space).toWellFormed()
      const json = reader(`\n ${text}\r\n\t`)
      expect(readAny(json, text)).toEqual(JSON.parse(text))
      json.end()
    }),
    { numRuns: 1000 },
  )
})

describe('what is not JSON is refused, as JSON.parse does', () => {
  const broken = [
    '',
    ' ',
    '{',
    '[',
    '"',
    '{"',
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,',
    '{"a":1,}',
    '{a:1}',
    "{'a':1}",
    '{"a" 1}',
    '{1:1}',
    '{,}',
  ]
  const moreBroken = [
    '[1',
    '[1,',
    '[1,]',
    '[,]',
    '[1 2]',
    '01',
    '-',
    '+1',
    '1.',
    '.5',
    '1e',
    '0x1',
    'tru',
    'nulll',
    'NaN',
    '"\n"',
    '"\\q"',
    '"\\u12"',
  ]
  test.each([...broken, ...moreBroken, '"\\', '[] []', '1 1', '{}x', '\u00a01', '\ufeff1', '[1}', '{"a":1]'])(
    '%j',
    (text) => {
      expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError)
      expect(() => {
        const json = reader(text)
        json.skipValue()
        json.end()
      }).toThrow(JsonError)
    },
  )
})

describe('numbers', () => {
  test.each(['0', '1', '9007199254740993', '999999999999999', '1000000000000000', '18446744073709551615'])(
    '%s is exact',
    (text) => {
      expect(reader(text).uint64()).toBe(BigInt(text))
    },
  )

  test('of 64 bits are exact', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
        expect(reader(` ${value}`).uint64()).toBe(value)
      }),
    )
  })

  test.each([
    '18446744073709551616',
    '99999999999999999999',
    '100000000000000000000',
    '9'.repeat(10_000),
    '-1',
    '-0',
    '01',
    '00',
    '',
    '"1"',
    'x',
  ])('%s is no 64-bit number', (text) => {
    expect(() => reader(text).uint64()).toThrow(JsonError)
  })

  test.each(['1.0', '1e2', '1.5'])('%s is not read as a whole number', (text) => {
    const json = reader(text)
    expect(() => {
      json.uint64()
      json.end()
    }).toThrow(JsonError)
  })

  test('are limited', () => {
    expect(reader('4294967295').integer(0xffff_ffff)).toBe(0xffff_ffff)
    expect(() => reader('4294967296').integer(0xffff_ffff)).toThrow(JsonError)
    expect(() => reader('10000000000000000000000').integer(0xffff_ffff)).toThrow(JsonError)
  })
})

describe('strings', () => {
  test.each([
    ['"\\ud800x\\udc80 \\ud83d\\ude00"', '\ufffdx\ufffd \u{1f600}'],
    ['"\\u00e9\\n\\"\\\\\\/\\b"', '\u00e9\n"\\/\b'],
    ['"\u00e9\u{1f600}"', '\u00e9\u{1f600}'],
    ['"\x7f"', '\x7f'],
    ['""', ''],
  ])('%s', (json, text) => {
    expect(reader(json).string()).toBe(text)
    expect(reader(json).repeatedString()).toBe(text)
    expect(reader(json).repeatedString()).toBe(text)
  })

  test('bytes that are no UTF-8 become U+FFFD', () => {
    expect(reader(Buffer.from('"a\xffb"', 'latin1')).string()).toBe('a\ufffdb')
    expect(reader(Buffer.from('"a\xffb\\n"', 'latin1')).string()).toBe('a\ufffdb\n')
  })

  test('of hexadecimal digits', () => {
    expect(reader('"0123456789abcdef"').hex(16)).toBe('0123456789abcdef')
    for (const text of [
      '"0123456789abcde"',
      '"0123456789abcdef0"',
      '"0123456789abcdeF"',
      '"0123456789abcde',
      '1',
      '"0123456789abcd\u00e9"',
    ]) {
      expect(() => reader(text).hex(16)).toThrow(JsonError)
    }
  })
})

describe('depth', () => {
  test('a value may be nested to some depth', () => {
    for (const json of [`${'['.repeat(100)}${']'.repeat(100)}`, `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`]) {
      expect(reader(json).raw()).toBe(json)
    }
  })

  test.each(['[', '{"a":', '[{"a":'])('%s a million times is refused', (open) => {
    expect(() => reader(open.repeat(1_000_000)).skipValue()).toThrow(JsonError)
  })
})

test('an error says where', () => {
  expect(() => reader('  12').string()).toThrow('a string expected at byte 2')
  expect(() => reader('[1').skipValue()).toThrow(`',' or ']' expected at its end`)
})
