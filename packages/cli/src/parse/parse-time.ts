import { badArgument } from '../bad-argument.ts'

/** A moment, and the offset from UTC that it is to be written with. */
export interface Moment {
  /** Since 1970. */
  readonly nanoseconds: bigint
  /** Undefined for the local offset at that moment. */
  readonly offsetMinutes: number | undefined
}

const FORM =
  /^([1-9]\d{3})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)?$/

/**
 * A moment from what a person writes: `2012-11-01 22:08:41` in local time (restic's form), a date alone (its midnight), or RFC 3339 with
 * an offset.
 *
 * @param option - named in the error
 * @throws ERR_VARVE_BAD_ARGUMENT for another form, and for a date or time that calendar and clock do not have
 */
export function parseTime(text: string, option: string): Moment {
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone] = FORM.exec(text.trim()) ?? []
  const parts = [year, month, day, hour, minute, second].map(Number)
  const [y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0] = parts
  // JavaScript rolls 31 April over to 1 May; a person who writes that made a mistake.
  const exists = mo >= 1 && mo <= 12 && d >= 1 && d <= daysOf(y, mo) && h < 24 && mi < 60 && s < 60
  if (!exists) throw badArgument(`${option}: '${text}' is not a time`, "write a time as '2012-11-01 22:08:41'")
  const offsetMinutes = zone === undefined ? undefined : parseOffset(zone)
  const milliseconds =
    offsetMinutes === undefined
      ? new Date(y, mo - 1, d, h, mi, s).getTime()
      : Date.UTC(y, mo - 1, d, h, mi - offsetMinutes, s)
  return { nanoseconds: BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0')), offsetMinutes }
}

/** Days of a month; 0 where `year` is no number. */
function daysOf(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate() || 0
}

function parseOffset(zone: string): number {
  if (zone === 'Z') return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))
  return zone.startsWith('-') ? -minutes : minutes
}
