import { badArgument } from '../bad-argument.ts'
import { parseSize } from './parse-size.ts'

/** Which packs a check reads. */
export type DataSubset =
  | { readonly kind: 'part'; readonly part: number; readonly of: number }
  | { readonly kind: 'percent'; readonly percent: number }
  | { readonly kind: 'size'; readonly bytes: number }

/** Packs are dealt out by the first byte of their id. */
const MOST_PARTS = 256

const OPTION = '--read-data-subset'

/**
 * The value of `--read-data-subset`: `n/t` (the n-th of t parts), `p%` (a random share) or a size (a random share of that many bytes).
 * @throws ERR_VARVE_BAD_ARGUMENT
 */
export function parseDataSubset(text: string): DataSubset {
  const part = /^\s*(\d+)\s*\/\s*(\d+)\s*$/.exec(text)
  if (part !== null) {
    const subset = { kind: 'part', part: Number(part[1]), of: Number(part[2]) } as const
    if (subset.part >= 1 && subset.part <= subset.of && subset.of <= MOST_PARTS) return subset
    throw badArgument(
      `${OPTION}: '${text}' is no part`,
      `write n/t with n from 1 to t and t up to ${MOST_PARTS}, such as 1/7`,
    )
  }
  const percent = /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(text)
  if (percent !== null) {
    const subset = { kind: 'percent', percent: Number(percent[1]) } as const
    if (subset.percent > 0 && subset.percent <= 100) return subset
    throw badArgument(`${OPTION}: '${text}' is no share`, 'write a percentage above 0% and up to 100%')
  }
  const bytes = parseSize(text, OPTION)
  if (bytes === 0) throw badArgument(`${OPTION}: '${text}' reads nothing`, 'write n/t, a percentage, or a size above 0')
  return { kind: 'size', bytes }
}
