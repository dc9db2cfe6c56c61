import { type CheckpointRule, DEFAULT_CHECKPOINT_RULE } from '@varve/engine'
import { badArgument } from '../bad-argument.ts'
import { parseDuration } from './parse-duration.ts'
import { parseSize } from './parse-size.ts'

/**
 * When to keep what is done, from what a person writes: a size, a duration, or both with a comma between, such as `4G,1m`; `never`. What is left out
 * is as usual. A letter that could be either, as in `5m`, is a duration.
 *
 * @param option - named in the error
 * @throws ERR_VARVE_BAD_ARGUMENT
 */
export function parseCheckpoints(text: string, option: string): CheckpointRule | false {
  if (text.trim() === 'never') return false
  let rule = DEFAULT_CHECKPOINT_RULE
  const seen = new Set<string>()
  for (const part of text.split(',').map((word) => word.trim())) {
    const kind = /\d(?:ms|[smhd])$/.test(part) ? 'milliseconds' : 'bytes'
    const value = kind === 'bytes' ? parseSize(part, option) : parseDuration(part, option)
    if (value === 0 || seen.has(kind)) {
      throw badArgument(
        `${option}: '${text}' makes no sense`,
        "write a size, a duration, or both, as 4G,1m; or 'never'",
      )
    }
    seen.add(kind)
    rule = { ...rule, [kind]: value }
  }
  return rule
}
