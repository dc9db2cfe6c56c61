import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareNames, isEntryName, nameFromBytes, nameToBytes, toFsPath } from '../src/file-name.ts'

/** Bytes that are nearly UTF-8, so that every way to break a sequence turns up. */
const bytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 4 }),
      fc.string({ unit: 'binary', maxLength: 4 }).map((text) => Buffer.from(text)),
      fc
        .constantFrom(...'c3 c2 e2 e282 eda080 edbfbf ee8080 efbfbf f09f98 f48fbfbf f4908080 c080 80 ff'.split(' '))
        .map((hex) => Buffer.from(hex, 'hex')),
    ),
    { maxLength: 6 },
  )
  .map((parts) => Buffer.concat(parts))

describe('names and their bytes', () => {
  test('any bytes come back', () => {
    fc.assert(
      fc.property(bytes, (original) => {
        expect(nameToBytes(nameFromBytes(original)).equals(original)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  test('different bytes give different names', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(nameFromBytes(a) === nameFromBytes(b)).toBe(a.equals(b))
      }),
      { numRuns: 2000 },
    )
  })

  test('valid UTF-8 is itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(nameFromBytes(Buffer.from(text))).toBe(text)
        expect(nameToBytes(text).equals(Buffer.from(text))).toBe(true)
      }),
    )
  })

  test.each([
    ['ff', '\udcff'],
    ['6180', 'a\udc80'],
    ['eda080', '\udced\udca0\udc80'], // a surrogate is not UTF-8
    ['edb280', '\udced\udcb2\udc80'],
    ['c0af', '\udcc0\udcaf'], // longer than need be
    ['e08080', '\udce0\udc80\udc80'],
    ['e282', '\udce2\udc82'], // cut off
    ['f09f9861', '\udcf0\udc9f\udc98a'],
    ['f4908080', '\udcf4\udc90\udc80\udc80'], // beyond U+10FFFF
    ['f09f9880ff', '\u{1f600}\udcff'],
    ['efbbbf61', '\ufeffa'], // a byte order mark is part of the name
  ])('%s', (hex, name) => {
    expect(nameFromBytes(Buffer.from(hex, 'hex'))).toBe(name)
    expect(nameToBytes(name).toString('hex')).toBe(hex)
  })

  test.each(['a\ud800', '\udc7f', '\udfff', '\udd00b'])('a lone surrogate that is no byte is refused: %j', (name) => {
    expect(() => nameToBytes(name)).toThrow(expect.objectContaining({ code: 'ERR_VARVE_BAD_ARGUMENT' }))
  })

  test('a view into a larger buffer is read alone', () => {
    expect(nameFromBytes(new Uint8Array([0x61, 0xff, 0x62, 0xff]).subarray(1, 3))).toBe('\udcffb')
  })
})

describe('paths for the file system', () => {
  test('are strings as long as they can be', () => {
    expect(toFsPath('/a/\u00fc \u{1f600}')).toBe('/a/\u00fc \u{1f600}')
    expect(toFsPath('/a/\udcff')).toEqual(Buffer.from('/a/\xff', 'latin1'))
  })

  test.runIf(process.platform === 'linux')('reach a file whose name is not UTF-8', () => {
    const folder = mkdtempSync(join(tmpdir(), 'varve-names-'))
    try {
      mkdirSync(toFsPath(`${folder}/\udcc3`))
      writeFileSync(toFsPath(`${folder}/\udcc3/caf\udce9`), '')
      expect(readdirSync(folder, { encoding: 'buffer' }).map(nameFromBytes)).toEqual(['\udcc3'])
      expect(readdirSync(toFsPath(`${folder}/\udcc3`), { encoding: 'buffer' }).map(nameFromBytes)).toEqual([
        'caf\udce9',
      ])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('the order of names', () => {
  test('is that of their bytes', () => {
    const pair = fc.oneof(
      fc.tuple(bytes, bytes),
      fc.tuple(bytes, bytes, bytes).map(([a, b, c]) => [Buffer.concat([a, b]), Buffer.concat([a, c])] as const),
    )
    fc.assert(
      fc.property(pair, ([a, b]) => {
        expect(Math.sign(compareNames(nameFromBytes(a), nameFromBytes(b)))).toBe(Buffer.compare(a, b))
      }),
      { numRuns: 3000 },
    )
  })

  test('is not that of UTF-16', () => {
    expect(compareNames('\uff5e', '\u{1f600}')).toBeLessThan(0)
    expect(['\uff5e', '\u{1f600}'].toSorted()).toEqual(['\u{1f600}', '\uff5e'])
    expect(compareNames('\udc80', '\u00e9')).toBeLessThan(0)
    expect(compareNames('\udcff', '\u{10ffff}')).toBeGreaterThan(0)
  })
})

test.each([
  ['a', true],
  ['...', true],
  [' ', true],
  ['a\\b', true],
  ['\udcff', true],
  ['', false],
  ['.', false],
  ['..', false],
  ['/', false],
  ['a/b', false],
  ['a\0', false],
])('%j can be the name of an entry: %s', (name, expected) => {
  expect(isEntryName(name)).toBe(expected)
})
