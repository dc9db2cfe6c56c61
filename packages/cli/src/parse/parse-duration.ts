import { badArgument } from '../bad-argument.ts'

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * A duration in milliseconds from what a person writes: `30s`, `5m`, `1h30m`, `1.5h`, and `0`.
 *
 * @param option - named in the error
 * @throws ERR_VARVE_BAD_ARGUMENT
 */
export function parseDuration(text: string, option: string): number {
  const trimmed = text.trim()
  if (trimmed === '0') return 0
  const isDuration = /^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(trimmed)
  let milliseconds = 0
  for (const [, amount, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)) {
    milliseconds += Number(amount) * (UNITS[unit ?? ''] ?? Number.NaN)
  }
  const rounded = Math.round(milliseconds)
  if (!isDuration || !Number.isSafeInteger(rounded)) {
    throw badArgument(`${option}: '${text}' is not a duration`, 'write a duration as 30s, 5m or 1h30m')
  }
  return rounded
}
