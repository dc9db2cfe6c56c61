import { badFilter } from './bad-filter.ts'

/** Moments in milliseconds since 1970: `from` included, `until` not. */
export interface TimeRange {
  readonly from: number
  readonly until: number
}

const MOMENT = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}))?)?$/
const HINT =
  'write it like 2026-01-31, 2026-01-01..2026-02-01, <2026-01-31 or >2026-01-31, or with a time: 2026-01-31T18:30'

/**
 * The moments that a filter means, in local time. A date is its whole day, a minute its 60 seconds: `2026-01-31` is that day, `2026-01-01..2026-02-01` all from the
 * first day to the end of the last, `<2026-01-31` all to the end of the day, `>2026-01-31` all from its beginning.
 *
 * @throws ERR_VARVE_BAD_ARGUMENT for anything else, dates that no calendar has, and ranges that end before they begin
 */
export function parseTimeFilter(text: string): TimeRange {
  const trimmed = text.trim()
  const [, comparison, bound] = /^([<>])=?(.*)$/.exec(trimmed) ?? []
  if (comparison === '<') return { from: -Infinity, until: parsePeriod(bound ?? '', text).until }
  if (comparison === '>') return { from: parsePeriod(bound ?? '', text).from, until: Infinity }
  const [first = '', last, ...others] = trimmed.split('..')
  if (others.length > 0) throw badFilter('the time', text, HINT)
  const from = parsePeriod(first, text)
  const range = { from: from.from, until: last === undefined ? from.until : parsePeriod(last, text).until }
  if (range.from >= range.until) throw badFilter('the time', text, HINT)
  return range
}

/**
 * The last moment of a day, minute or second, as {@link parseTimeFilter} reads them: what was there as of then.
 * @throws ERR_VARVE_BAD_ARGUMENT
 */
export function parseMoment(text: string): Date {
  return new Date(parsePeriod(text, text).until - 1)
}

/** Whether something looks like a date rather than like a name, so that it is to be read by {@link parseMoment}. */
export function looksLikeMoment(text: string): boolean {
  return /^\d{4}-/.test(text.trim())
}

function parsePeriod(period: string, text: string): TimeRange {
  const match = MOMENT.exec(period.trim())
  if (match === null) throw badFilter('the time', text, HINT)
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map((digits) => Number(digits ?? 0))
  const start = localTime(year, month, day, hour, minute, second)
  const isReal = start.getMonth() === month - 1 && start.getDate() === day && hour < 24 && minute < 60 && second < 60
  if (!isReal) throw badFilter('the time', text, HINT)
  const end =
    match[4] === undefined
      ? localTime(year, month, day + 1, 0, 0, 0)
      : new Date(start.getTime() + (match[6] === undefined ? 60_000 : 1000))
  return { from: start.getTime(), until: end.getTime() }
}

function localTime(year: number, month: number, day: number, hour: number, minute: number, second: number): Date {
  const date = new Date(2000, 0, 1, hour, minute, second)
  date.setFullYear(year, month - 1, day)
  return date
}
