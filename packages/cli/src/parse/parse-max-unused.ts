import { badArgument } from '../bad-argument.ts'
import { parseSize } from './parse-size.ts'

/** How much unused content may stay in packs that are partly in use. */
export type MaxUnused = 'unlimited' | { readonly percent: number } | { readonly bytes: number }

/**
 * The value of `--max-unused`: `unlimited`, a percentage of what stays (below 100%), or a size.
 * @throws ERR_VARVE_BAD_ARGUMENT
 */
export function parseMaxUnused(text: string): MaxUnused {
  const trimmed = text.trim()
  if (trimmed === 'unlimited') return 'unlimited'
  const percent = /^(\d+(?:\.\d+)?)\s*%$/.exec(trimmed)
  if (percent === null) return { bytes: parseSize(trimmed, '--max-unused') }
  if (Number(percent[1]) >= 100) {
    throw badArgument(
      `--max-unused: '${text}' is 100% or more`,
      "write a percentage below 100%, a size, or 'unlimited'",
    )
  }
  return { percent: Number(percent[1]) }
}
