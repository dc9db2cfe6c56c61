import { VarveError } from '@varve/platform/errors'

const SECOND = 1000
const DAY = 24 * 60 * 60 * SECOND

/** Milliseconds. Capitals and small letters differ: `M` is a month, `m` a minute. */
const UNITS: Readonly<Record<string, number>> = {
  s: SECOND,
  m: 60 * SECOND,
  h: 60 * 60 * SECOND,
  D: DAY,
  W: 7 * DAY,
  M: 30 * DAY,
  Y: 365 * DAY,
}

/**
 * Milliseconds of an interval such as `1M3W4h2s`: years (`Y`, of 365 days), months (`M`, of 30), weeks (`W`), days (`D`), hours (`h`), minutes (`m`)
 * and seconds (`s`), each at most once.
 *
 * @throws ERR_VARVE_BAD_ARGUMENT
 */
export function parseInterval(text: string): number {
  const parts = [...text.matchAll(/(\d{1,9})([YMWDhms])/g)]
  const units = parts.map(([, , unit]) => unit)
  if (parts.length > 0 && parts.map(([part]) => part).join('') === text && new Set(units).size === units.length) {
    return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNITS[unit ?? ''] ?? Number.NaN), 0)
  }
  throw new VarveError('ERR_VARVE_BAD_ARGUMENT', `'${text}' is not an interval`, {
    hint: 'write an interval as 1M3W4h2s: Y, M, W and D are years, months, weeks and days, h, m and s hours, minutes and seconds',
  })
}
