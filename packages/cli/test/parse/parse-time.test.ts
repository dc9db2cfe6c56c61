import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseTime } from '../../src/parse/parse-time.ts'
import { formatTime } from '../../src/format/format-time.ts'

test("restic's form is local time", () => {
  const { nanoseconds, offsetMinutes } = parseTime('2012-11-01 22:08:41', '--time')
  expect(nanoseconds).toBe(BigInt(new Date(2012, 10, 1, 22, 8, 41).getTime()) * 1_000_000n)
  expect(offsetMinutes).toBeUndefined()
})

test('what is printed can be parsed', () => {
  const seconds = fc.integer({ min: -2_000_000_000, max: 10_000_000_000 })
  fc.assert(
    fc.property(seconds, (second) => {
      expect(formatTime(Number(parseTime(formatTime(second * 1000), '--time').nanoseconds / 1_000_000n))).toBe(
        formatTime(second * 1000),
      )
    }),
  )
})

test.each([
  ['2012-11-01T22:08:41Z', Date.UTC(2012, 10, 1, 22, 8, 41), 0, 0n],
  ['2012-11-01T22:08:41.123456789+02:00', Date.UTC(2012, 10, 1, 20, 8, 41), 120, 123_456_789n],
  ['2012-11-01 22:08:41-05:30', Date.UTC(2012, 10, 2, 3, 38, 41), -330, 0n],
])('%s has an offset of its own', (text, milliseconds, offsetMinutes, fraction) => {
  expect(parseTime(text, '--time')).toEqual({
    nanoseconds: BigInt(milliseconds) * 1_000_000n + fraction,
    offsetMinutes,
  })
})

test('a date alone is its midnight, and seconds may be left out', () => {
  expect(parseTime('2020-02-29', '--time').nanoseconds).toBe(BigInt(new Date(2020, 1, 29).getTime()) * 1_000_000n)
  expect(parseTime('2020-02-29 10:20', '--time').nanoseconds).toBe(
    BigInt(new Date(2020, 1, 29, 10, 20).getTime()) * 1_000_000n,
  )
})

test.each([
  '',
  'yesterday',
  '2021-02-29',
  '2020-13-01',
  '2020-00-01',
  '2020-04-31 00:00:00',
  '2020-01-01 24:00:00',
  '2020-01-01 10:60:00',
  '2020-01-01 10:00:60',
  '0099-01-01',
  '2020-1-1',
  '2020-01-01 10:00:00 PM',
])('%j is no time', (text) => {
  expect(() => parseTime(text, '--time')).toThrow(expect.objectContaining({ code: 'ERR_VARVE_BAD_ARGUMENT' }))
})
