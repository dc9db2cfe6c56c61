import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  canonicalTimestamp,
  isTimestamp,
  parseTimestamp,
  sameMoment,
  timestampFromNanoseconds,
  timestampNow,
  timestampToNanoseconds,
} from '../../src/repository/timestamp.ts'

const SECOND = 1_000_000_000n
const nanoseconds = fc.bigInt({ min: -62_167_000_000n * SECOND, max: 253_402_000_000n * SECOND })
const offset = fc.integer({ min: -1439, max: 1439 })

describe('writing', () => {
  // Made with Go: time.Unix(seconds, nanoseconds) in a fixed zone, years clamped with AddDate, MarshalJSON.
  test.each([
    [0n, 0n, 0, '1970-01-01T00:00:00Z'],
    [0n, 1n, 0, '1970-01-01T00:00:00.000000001Z'],
    [-1n, 999_999_999n, 0, '1969-12-31T23:59:59.999999999Z'],
    [-1n, 500_000_000n, 60, '1970-01-01T00:59:59.5+01:00'],
    [1_700_000_000n, 123_456_789n, -330, '2023-11-14T16:43:20.123456789-05:30'],
    [1_700_000_000n, 120_000_000n, 345, '2023-11-15T03:58:20.12+05:45'],
    [951_782_400n, 0n, 0, '2000-02-29T00:00:00Z'],
    [-62_167_219_200n, 0n, 0, '0000-01-01T00:00:00Z'],
    [-62_135_596_800n, 0n, 0, '0001-01-01T00:00:00Z'],
    [253_402_300_799n, 999_999_999n, 0, '9999-12-31T23:59:59.999999999Z'],
    [9_223_372_036n, 854_775_807n, 0, '2262-04-11T23:47:16.854775807Z'],
    [-11_676_096_000n, 0n, 0, '1600-01-01T00:00:00Z'],
    [4_107_542_400n, 0n, 840, '2100-03-01T14:00:00+14:00'],
    // Years before 0 and after 9999.
    [-62_167_219_201n, 0n, 0, '0000-12-31T23:59:59Z'],
    [-62_167_219_201n, 0n, 60, '0000-01-01T00:59:59+01:00'],
    [-62_230_291_200n, 5n, 0, '0000-01-01T00:00:00.000000005Z'],
    [-62_214_652_800n, 0n, 0, '0000-07-01T00:00:00Z'],
    [-124_334_438_400n, 0n, 0, '0000-12-31T00:00:00Z'],
    [-1_099_511_627_776n, 7n, 840, '0000-11-13T13:23:44.000000007+14:00'],
    [253_402_300_800n, 0n, 0, '9999-01-01T00:00:00Z'],
    [253_402_300_799n, 0n, 1, '9999-01-01T00:00:59+00:01'],
    [253_402_300_799n, 0n, -1, '9999-12-31T23:58:59-00:01'],
    [253_407_311_999n, 0n, 0, '9999-02-27T23:59:59Z'],
    [253_407_398_400n, 0n, 0, '9999-03-01T00:00:00Z'],
    [1_099_511_627_776n, 7n, -720, '9999-02-19T12:36:16.000000007-12:00'],
  ])('%i s + %i ns at %i min', (seconds, fraction, minutes, text) => {
    expect(timestampFromNanoseconds(seconds * SECOND + fraction, minutes)).toBe(text)
  })

  test('what a file system may hold at most is still a time', () => {
    for (const value of [2n ** 63n * SECOND, -(2n ** 63n) * SECOND]) {
      expect(isTimestamp(timestampFromNanoseconds(value))).toBe(true)
      expect(isTimestamp(timestampFromNanoseconds(value, 60))).toBe(true)
    }
  })

  test('a moment comes back, whatever the offset', () => {
    fc.assert(
      fc.property(nanoseconds, offset, (value, minutes) => {
        const timestamp = timestampFromNanoseconds(value, minutes)
        expect(parseTimestamp(timestamp)).toBe(timestamp)
        expect(timestampToNanoseconds(timestamp)).toBe(value)
        expect(canonicalTimestamp(timestamp)).toBe(timestamp)
      }),
      { numRuns: 2000 },
    )
  })

  test('a moment comes back in local time', () => {
    fc.assert(
      fc.property(nanoseconds, (value) => {
        expect(timestampToNanoseconds(timestampFromNanoseconds(value))).toBe(value)
      }),
    )
  })

  test('now is now', () => {
    const before = Date.now()
    const now = Number(timestampToNanoseconds(timestampNow()) / 1_000_000n)
    expect(now).toBeGreaterThanOrEqual(before)
    expect(now).toBeLessThanOrEqual(Date.now())
  })
})

describe('local time', () => {
  const source = fileURLToPath(new URL('../../src/repository/timestamp.ts', import.meta.url))
  const cases = [
    ['UTC', 1_700_000_000n, '2023-11-14T22:13:20Z'],
    ['Europe/London', 1_700_000_000n, '2023-11-14T22:13:20Z'],
    ['Europe/Berlin', 1_700_000_000n, '2023-11-14T23:13:20+01:00'],
    ['Europe/Berlin', 1_698_541_199n, '2023-10-29T02:59:59+02:00'],
    ['Europe/Berlin', 1_698_541_200n, '2023-10-29T02:00:00+01:00'],
    ['America/New_York', 1_700_000_000n, '2023-11-14T17:13:20-05:00'],
    ['America/St_Johns', 1_700_000_000n, '2023-11-14T18:43:20-03:30'],
    ['Asia/Kathmandu', 1_700_000_000n, '2023-11-15T03:58:20+05:45'],
    ['Australia/Lord_Howe', 1_700_000_000n, '2023-11-15T09:13:20+11:00'],
    // Local mean time was 53 min 28 s ahead: whole minutes of it, so that the moment is kept.
    ['Europe/Berlin', -2_840_140_800n, '1880-01-01T00:53:00+00:53'],
    // Beyond year 9999 the year alone changes, and with it, here, the season that a clock runs in.
    ['Europe/Berlin', 253_418_000_000n, '9999-06-30T18:53:20+02:00'],
    ['Europe/Berlin', 253_402_297_200n, '9999-01-01T00:00:00+01:00'],
  ] as const

  test('has the offset of its zone at that moment', () => {
    const script = `
      const { timestampFromNanoseconds } = await import(${JSON.stringify(source)})
      const results = []
      for (const [zone, seconds] of JSON.parse(process.argv[1])) {
        process.env.TZ = zone
        results.push(timestampFromNanoseconds(BigInt(seconds) * 1_000_000_000n))
      }
      console.log(JSON.stringify(results))`
    const questions = JSON.stringify(cases.map(([zone, seconds]) => [zone, String(seconds)]))
    const answers: unknown = JSON.parse(
      execFileSync(process.execPath, ['--conditions=varve-source', '--input-type=module', '-e', script, questions], {
        encoding: 'utf8',
      }),
    )
    expect(answers).toEqual(cases.map(([, , text]) => text))
  })
})

describe('reading', () => {
  test.each([
    ['2020-01-01T00:00:00+00:00', 1_577_836_800_000_000_000n],
    ['2020-01-01T00:00:00-00:00', 1_577_836_800_000_000_000n],
    ['2020-01-01T00:00:00,5Z', 1_577_836_800_500_000_000n],
    ['2020-01-01T00:00:00.1234567899Z', 1_577_836_800_123_456_789n],
    ['2020-01-01T0:00:00Z', 1_577_836_800_000_000_000n],
    ['2020-01-01T9:00:00.25+01:00', 1_577_865_600_250_000_000n],
    ['2020-01-01T00:00:00+23:59', 1_577_750_460_000_000_000n],
    ['2020-01-01T00:00:00+24:00', 1_577_750_400_000_000_000n],
    ['2020-01-01T00:00:00+14:60', 1_577_782_800_000_000_000n],
    ['2020-01-01T00:00:00-01:30', 1_577_842_200_000_000_000n],
    ['0000-02-29T00:00:00Z', -62_162_121_600_000_000_000n],
    ['0001-01-01T00:00:00Z', -62_135_596_800_000_000_000n],
  ])('%s', (text, value) => {
    expect(parseTimestamp(text)).toBe(text)
    expect(timestampToNanoseconds(parseTimestamp(text))).toBe(value)
  })

  // All of these Go refuses as well.
  test.each([
    '',
    'Z',
    'yesterday',
    '2020-01-01',
    '2020-01-01T00:00:00',
    '2020-01-01T00:00Z',
    '2020-01-01T00:00:00z',
    '2020-01-01t00:00:00Z',
    '2020-01-01 00:00:00Z',
    '2020-01-01T24:00:00Z',
    '2020-01-01T23:60:00Z',
    '2020-01-01T23:59:60Z',
    '2020-02-30T00:00:00Z',
    '2021-02-29T00:00:00Z',
    '2020-00-01T00:00:00Z',
    '2020-13-01T00:00:00Z',
    '2020-01-00T00:00:00Z',
    '2020-01-01T00:00:00.Z',
    '2020-01-01T00:00:00+0100',
    '2020-01-01T00:00:00+01',
    '2020-01-01T00:00:00+25:00',
    '2020-01-01T00:00:00+01:61',
    '2020-01-01T00:00:00+01:00Z',
    '2020-01-01T00:00:00Z ',
    ' 2020-01-01T00:00:00Z',
    '20200-01-01T00:00:00Z',
    '-020-01-01T00:00:00Z',
    '2020-1-01T00:00:00Z',
    '2020-01-01T00:00:00+1:000',
    '2020-01-01T+1:00:00Z',
  ])('%j is refused', (text) => {
    expect(isTimestamp(text)).toBe(false)
    expect(() => parseTimestamp(text)).toThrow(expect.objectContaining({ code: 'ERR_VARVE_DAMAGED' }))
  })

  test('what a changed character leaves readable is written as the same moment', () => {
    const characters = fc.constantFrom(...'0123456789-+:.,TZtz \0\ud800'.split(''))
    fc.assert(
      fc.property(nanoseconds, offset, fc.nat(40), characters, (value, minutes, position, character) => {
        const original = timestampFromNanoseconds(value, minutes)
        const text = original.slice(0, position) + character + original.slice(position + 1)
        const readable = isTimestamp(text)
        fc.pre(readable && !/^(0000|9999)/.test(text))
        expect(timestampToNanoseconds(canonicalTimestamp(parseTimestamp(text)))).toBe(
          timestampToNanoseconds(parseTimestamp(text)),
        )
      }),
      { numRuns: 3000 },
    )
  })
})

test.each([
  ['2020-01-01T00:00:00+00:00', '2020-01-01T00:00:00Z'],
  ['2020-01-01T00:00:00-00:00', '2020-01-01T00:00:00Z'],
  ['2020-01-01T00:00:00.500Z', '2020-01-01T00:00:00.5Z'],
  ['2020-01-01T00:00:00.000+01:00', '2020-01-01T00:00:00+01:00'],
  ['2020-01-01T00:00:00,5Z', '2020-01-01T00:00:00.5Z'],
  ['2020-01-01T00:00:00.1234567899Z', '2020-01-01T00:00:00.123456789Z'],
  ['2020-01-01T9:00:00.5-01:00', '2020-01-01T09:00:00.5-01:00'],
  ['2020-01-01T00:00:00+14:60', '2020-01-01T00:00:00+15:00'],
  ['2020-01-01T00:00:00+24:00', '2019-12-31T00:00:00Z'],
  ['2020-01-01T00:00:00.5+01:00', '2020-01-01T00:00:00.5+01:00'],
])('%s is written as %s', (text, canonical) => {
  expect(canonicalTimestamp(parseTimestamp(text))).toBe(canonical)
})

test('moments are the same whatever their offset', () => {
  const berlin = parseTimestamp('2020-01-01T01:00:00.5+01:00')
  expect(sameMoment(berlin, parseTimestamp('2020-01-01T00:00:00.5Z'))).toBe(true)
  expect(sameMoment(berlin, berlin)).toBe(true)
  expect(sameMoment(berlin, parseTimestamp('2020-01-01T01:00:00.5Z'))).toBe(false)
  expect(sameMoment(berlin, parseTimestamp('2020-01-01T00:00:00.500000001Z'))).toBe(false)
})
