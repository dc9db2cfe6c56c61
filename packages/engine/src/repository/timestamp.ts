import { VarveError } from '../errors.ts'

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
const FIRST_SECOND = secondsFromCivil(0, 1, 1)
const LAST_SECOND = secondsFromCivil(9999, 12, 31) + DAY - 1

/**
 * The timestamp of a moment.
 *
 * Like restic, it keeps years from 0 to 9999: outside, the year alone is replaced by the nearest of them (29 February becomes
 * 1 March where that year has none). Unlike restic, it keeps the moment exactly where the local time's offset has seconds (local mean
 * times, mostly before 1920): restic writes the clock's seconds with the offset's minutes, which reads back as another moment; this writes
 * the clock of the offset's whole minutes.
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
  const text = timestamp.charAt(12) === ':' ? `${timestamp.slice(0, 11)}0${timestamp.slice(11)}` : timestamp
  const end = endOfFraction(text, 19)
  const fraction = end === 19 ? 0 : Number(text.slice(20, Math.min(end, 29)).padEnd(9, '0'))
  let seconds =
    secondsFromCivil(digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10)) +
    digits(text, 11, 13) * 3600 +
    digits(text, 14, 16) * 60 +
    digits(text, 17, 19)
  const sign = text.charCodeAt(end)
  if (sign === PLUS || sign === MINUS) {
    const offset = digits(text, end + 1, end + 3) * 3600 + digits(text, end + 4, end + 6) * 60
    seconds += sign === PLUS ? -offset : offset
  }
  return BigInt(seconds) * NANOSECONDS + BigInt(fraction)
}

/**
 * Whether `text` is a time as restic reads it: RFC 3339 with the liberties that Go's `time` package takes (an hour of one digit, a comma
 * before the decimals, any number of decimals, offsets up to 24:60).
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

/** Whether two timestamps mean the same moment, whatever their offsets. */
export function sameMoment(a: Timestamp, b: Timestamp): boolean {
  return a === b || timestampToNanoseconds(a) === timestampToNanoseconds(b)
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

/** Where the decimals of seconds end that start with a `.` or `,` at `start`; `start` itself where there are none. */
function endOfFraction(text: string, start: number): number {
  const mark = text.charCodeAt(start)
  if (mark !== 0x2e && mark !== 0x2c) return start
  let end = start + 1
  while (isDigit(text.charCodeAt(end))) end++
  return end === start + 1 ? start : end
}

let offsetDay = Number.NaN
let offsetOfDay = 0

/** Minutes east of Greenwich of the local time, whole minutes towards 0. */
function localOffset(seconds: number): number {
  const within = Math.min(Math.max(seconds, -DATE_LIMIT), DATE_LIMIT - DAY)
  const day = Math.floor(within / DAY)
  if (day === offsetDay) return offsetOfDay
  const start = dateOffset(Math.max(day * DAY, -DATE_LIMIT))
  if (start !== dateOffset(day * DAY + DAY - 1)) return dateOffset(within)
  offsetDay = day
  offsetOfDay = start
  return start
}

function dateOffset(seconds: number): number {
  return -new Date(seconds * 1000).getTimezoneOffset() || 0
}

function clampYear(clock: number): number {
  const { year, month, day } = civilFromDays(Math.floor(clock / DAY))
  const timeOfDay = clock - Math.floor(clock / DAY) * DAY
  return secondsFromCivil(year < 0 ? 0 : 9999, month, day) + timeOfDay
}

let lastMinute = Number.NaN
let lastClockText = ''

/** `2006-01-02T15:04:` for minutes since 1970 of a clock. */
function clockText(minute: number): string {
  if (minute === lastMinute) return lastClockText
  const day = Math.floor(minute / 1440)
  const { year, month, day: dayOfMonth } = civilFromDays(day)
  const minuteOfDay = minute - day * 1440
  const hour = Math.floor(minuteOfDay / 60)
  lastMinute = minute
  lastClockText = `${String(year).padStart(4, '0')}-${twoDigits(month)}-${twoDigits(dayOfMonth)}T${twoDigits(hour)}:${twoDigits(minuteOfDay - hour * 60)}:`
  return lastClockText
}

function fractionText(nanoseconds: number): string {
  if (nanoseconds === 0) return ''
  let end = 9
  while (nanoseconds % 10 === 0) {
    nanoseconds /= 10
    end--
  }
  return `.${String(nanoseconds).padStart(end, '0')}`
}

function offsetText(minutes: number): string {
  if (minutes === 0) return 'Z'
  const size = Math.abs(minutes)
  const hours = Math.floor(size / 60)
  return `${minutes < 0 ? '-' : '+'}${twoDigits(hours)}:${twoDigits(size - hours * 60)}`
}

const TWO_DIGITS: readonly string[] = Array.from({ length: 100 }, (_, i) => String(i).padStart(2, '0'))

function twoDigits(value: number): string {
  return TWO_DIGITS[value] ?? String(value)
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

function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Seconds since 1970 of a day's start. Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": days_from_civil. */
function secondsFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return (era * 146_097 + dayOfEra - 719_468) * DAY
}

/** The date of a day counted from 1970. Same source: civil_from_days. */
function civilFromDays(days: number): { readonly year: number; readonly month: number; readonly day: number } {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
  }
}
