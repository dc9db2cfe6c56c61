import { VarveError } from '@varve/platform/errors'
import { civilFromDays, daysFromCivil, daysInMonth } from './civil-date.ts'

declare const timestampBrand: unique symbol

/** A moment as restic writes it: RFC 3339 with up to nine decimals, trailing zeros trimmed, `Z` for offset 0. */
export type Timestamp = string & { readonly [timestampBrand]: 'Timestamp' }

/** What a missing time means: Go's zero time. */
export const ZERO_TIME = '0001-01-01T00:00:00Z' as Timestamp

const NANOSECONDS = 1_000_000_000n
const DAY = 86_400
const COLON = 0x3a
const PLUS = 0x2b
const MINUS = 0x2d

/** The last moment that JavaScript's `Date` knows, in seconds; the first is its negative. */
const DATE_LIMIT = 8_640_000_000_000

const FIRST_SECOND = daysFromCivil({ year: 0, month: 1, day: 1 }) * DAY
const LAST_SECOND = daysFromCivil({ year: 10_000, month: 1, day: 1 }) * DAY - 1

/**
 * The timestamp of a moment.
 *
 * Like restic, it keeps years from 0 to 9999: outside, the year alone is replaced by the nearest of them (29 February
 * becomes 1 March where that year has none). Unlike restic, it keeps the moment exactly where the local time's offset
 * has seconds (local mean times, mostly before 1920): restic writes the clock's seconds with the offset's minutes,
 * which reads back as another moment; this writes the clock of the offset's whole minutes.
 *
 * @param nanoseconds - since 1970-01-01T00:00:00Z
 * @param offsetMinutes - east of Greenwich; by default the local one at that moment
 */
export function timestampFromNanoseconds(nanoseconds: bigint, offsetMinutes?: number): Timestamp {
  let seconds = Number(nanoseconds / NANOSECONDS)
  let fraction = Number(nanoseconds % NANOSECONDS)
  if (fraction < 0) {
    fraction += 1e9
    seconds--
  }
  let offset = offsetMinutes ?? localOffset(seconds)
  let clock = seconds + offset * 60
  if (clock < FIRST_SECOND || clock > LAST_SECOND) {
    clock = clampYear(clock)
    offset = offsetMinutes ?? localOffset(clock - localOffset(clock) * 60)
  }
  const minute = Math.floor(clock / 60)
  return `${clockText(minute)}${twoDigits(clock - minute * 60)}${fractionText(fraction)}${offsetText(offset)}` as Timestamp
}

/** This moment, to the millisecond, in local time. */
export function timestampNow(): Timestamp {
  return timestampFromNanoseconds(BigInt(Date.now()) * 1_000_000n)
}

/** Nanoseconds since 1970-01-01T00:00:00Z; decimals after the ninth are cut off. */
export function timestampToNanoseconds(timestamp: Timestamp): bigint {
  const text = timestamp.charCodeAt(12) === COLON ? `${timestamp.slice(0, 11)}0${timestamp.slice(11)}` : timestamp
  const end = endOfFraction(text, 19)
  const fraction = end === 19 ? 0 : Number(text.slice(20, Math.min(end, 29)).padEnd(9, '0'))
  const day = daysFromCivil({ year: digits(text, 0, 4), month: digits(text, 5, 7), day: digits(text, 8, 10) })
  const clock = day * DAY + digits(text, 11, 13) * 3600 + digits(text, 14, 16) * 60 + digits(text, 17, 19)
  return BigInt(clock - offsetMinutesAt(text, end) * 60) * NANOSECONDS + BigInt(fraction)
}

/**
 * Whether `text` is a time as restic reads it: RFC 3339 with the liberties that Go's `time` package takes (an hour of
 * one digit, a comma before the decimals, any number of decimals, offsets up to 24:60).
 */
export function isTimestamp(text: string): text is Timestamp {
  const shift = text.charCodeAt(12) === COLON ? 1 : 0
  return (
    text.charCodeAt(4) === MINUS &&
    text.charCodeAt(7) === MINUS &&
    text.charCodeAt(10) === 0x54 &&
    text.charCodeAt(13 - shift) === COLON &&
    text.charCodeAt(16 - shift) === COLON &&
    isDate(digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10)) &&
    digits(text, 11, 13 - shift) <= 23 &&
    digits(text, 14 - shift, 16 - shift) <= 59 &&
    digits(text, 17 - shift, 19 - shift) <= 59 &&
    isOffset(text, endOfFraction(text, 19 - shift))
  )
}

/**
 * A timestamp from its text, which stays as it is.
 * @throws ERR_VARVE_DAMAGED where it is none, see {@link isTimestamp}
 */
export function parseTimestamp(text: string): Timestamp {
  if (!isTimestamp(text)) throw new VarveError('ERR_VARVE_DAMAGED', `'${text.slice(0, 80)}' is not a time`)
  return text
}

/**
 * The same moment with the same offset in the one form that restic writes. Other clients write `+00:00` or trailing
 * zeros; a tree that keeps these could not be rewritten by restic without changing.
 */
export function canonicalTimestamp(timestamp: Timestamp): Timestamp {
  return isCanonical(timestamp) ? timestamp : rewrite(timestamp)
}

/** Whether two timestamps mean the same moment, whatever their offsets. */
export function sameMoment(a: Timestamp, b: Timestamp): boolean {
  return a === b || timestampToNanoseconds(a) === timestampToNanoseconds(b)
}

function isCanonical(timestamp: Timestamp): boolean {
  if (timestamp.charCodeAt(12) === COLON) return false
  const end = endOfFraction(timestamp, 19)
  if (end > 29 || (end > 19 && (timestamp.charCodeAt(19) !== 0x2e || timestamp.charCodeAt(end - 1) === 0x30)))
    return false
  if (timestamp.length === end + 1) return true
  const offset = Math.abs(offsetMinutesAt(timestamp, end))
  return offset !== 0 && offset < 1440 && digits(timestamp, end + 4, end + 6) < 60
}

function rewrite(timestamp: Timestamp): Timestamp {
  const offset = offsetMinutesAt(timestamp, endOfFraction(timestamp, timestamp.charCodeAt(12) === COLON ? 18 : 19))
  // Go reads offsets of a day and more, but does not write them.
  return timestampFromNanoseconds(timestampToNanoseconds(timestamp), Math.abs(offset) < 1440 ? offset : 0)
}

function isDate(year: number, month: number, day: number): boolean {
  return year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month)
}

function isOffset(text: string, start: number): boolean {
  const sign = text.charCodeAt(start)
  if (sign === 0x5a) return text.length === start + 1
  return (
    (sign === PLUS || sign === MINUS) &&
    text.length === start + 6 &&
    digits(text, start + 1, start + 3) <= 24 &&
    text.charCodeAt(start + 3) === COLON &&
    digits(text, start + 4, start + 6) <= 60
  )
}

/** Minutes east of Greenwich of the offset that starts at `start` of a timestamp. */
function offsetMinutesAt(text: string, start: number): number {
  if (text.length === start + 1) return 0
  const size = digits(text, start + 1, start + 3) * 60 + digits(text, start + 4, start + 6)
  return text.charCodeAt(start) === PLUS ? size : -size
}

/** Where the decimals of seconds end that start with a `.` or `,` at `start`; `start` itself where there are none. */
function endOfFraction(text: string, start: number): number {
  const mark = text.charCodeAt(start)
  if (mark !== 0x2e && mark !== 0x2c) return start
  let end = start + 1
  while (isDigit(text.charCodeAt(end))) end++
  return end === start + 1 ? start : end
}

/** Minutes east of Greenwich of the local time: whole minutes, towards 0. @param seconds - since 1970 */
export function localOffset(seconds: number): number {
  const known = Math.min(Math.max(seconds, -DATE_LIMIT), DATE_LIMIT)
  return -new Date(known * 1000).getTimezoneOffset()
}

function clampYear(clock: number): number {
  const days = Math.floor(clock / DAY)
  const { year, month, day } = civilFromDays(days)
  return daysFromCivil({ year: year < 0 ? 0 : 9999, month, day }) * DAY + clock - days * DAY
}

let lastMinute = Number.NaN
let lastClockText = ''

/**
 * `2006-01-02T15:04:` of a clock's minutes since 1970. The last one is kept: what lies together was often written
 * together.
 */
function clockText(minute: number): string {
  if (minute === lastMinute) return lastClockText
  const days = Math.floor(minute / 1440)
  const { year, month, day } = civilFromDays(days)
  const minuteOfDay = minute - days * 1440
  const hour = Math.floor(minuteOfDay / 60)
  const date = `${twoDigits(Math.floor(year / 100))}${twoDigits(year % 100)}-${twoDigits(month)}-${twoDigits(day)}`
  lastMinute = minute
  lastClockText = `${date}T${twoDigits(hour)}:${twoDigits(minuteOfDay - hour * 60)}:`
  return lastClockText
}

function fractionText(nanoseconds: number): string {
  if (nanoseconds === 0) return ''
  let end = 9
  let rest = nanoseconds
  while (rest % 10 === 0) {
    rest /= 10
    end--
  }
  return `.${String(rest).padStart(end, '0')}`
}

function offsetText(minutes: number): string {
  if (minutes === 0) return 'Z'
  const size = Math.abs(minutes)
  const hours = Math.floor(size / 60)
  return `${minutes < 0 ? '-' : '+'}${twoDigits(hours)}:${twoDigits(size - hours * 60)}`
}

const TWO_DIGITS: readonly string[] = Array.from({ length: 100 }, (_, i) => String(i).padStart(2, '0'))

function twoDigits(value: number): string {
  return TWO_DIGITS[value] ?? ''
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

/** The number that the digits from `start` to `end` write; NaN where one is none. */
function digits(text: string, start: number, end: number): number {
  let value = 0
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i)
    value = isDigit(code) ? value * 10 + code - 0x30 : Number.NaN
  }
  return value
}
