import { badArgument } from '../bad-argument.ts'

/** A moment, and the offset from UTC that it is to be written with. */
export interface Moment {
  /** Since 1970. */
  readonly nanoseconds: bigint
  /** Undefined for the local offset at that moment. */
  readonly offsetMinutes: number | undefined
}

const FORM = /^([1-9]\d{3})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?(Z|[+-]\d\d:\d\d)?$/

/**
 * A moment from what a person writes: `2012-11-01 22:08:41` in local time (restic's form), a date alone (its midnight), or RFC 3339 with
 * an offset.
 *
 * @param option - named in the error
 * @throws ERR_VARVE_BAD_ARGUMENT for another form and for a date that the calendar does not have
 */
export function parseTime(text: string, option: string): Moment {
  const match = FORM.exec(text.trim())
  if (match !== null) {
    const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone] = match
    const parts = [Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)] as const
    const date = zone === undefined ? new Date(...parts) : new Date(Date.UTC(...parts))
    // The calendar rolls 31 April over to 1 May; a person who writes that made a mistake.
    const same = (read: 'local' | 'utc'): boolean =>
      (read === 'utc' ? date.getUTCDate() : date.getDate()) === parts[2] &&
      (read === 'utc' ? date.getUTCMinutes() : date.getMinutes()) === parts[4]
    if (same(zone === undefined ? 'local' : 'utc') && parts[1] < 12 && parts[3] < 24 && parts[5] < 60) {
      const offsetMinutes = zone === undefined ? undefined : parseOffset(zone)
      const milliseconds = BigInt(date.getTime()) - BigInt(offsetMinutes ?? 0) * 60_000n
      return { nanoseconds: milliseconds * 1_000_000n + BigInt(fraction.padEnd(9, '0')), offsetMinutes }
    }
  }
  throw badArgument(`${option}: '${text}' is not a time`, "write a time as '2012-11-01 22:08:41'")
}

function parseOffset(zone: string): number {
  if (zone === 'Z') return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))
  return zone.startsWith('-') ? -minutes : minutes
}
