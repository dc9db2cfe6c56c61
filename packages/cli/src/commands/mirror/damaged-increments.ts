import type { Problem } from '@varve/platform'
import type { Shortfall } from '../../command.ts'
import { EXIT } from '../../exit-codes.ts'
import { formatCount } from '../../format/format-count.ts'

/** What is missing where the metadata of increments could not be read. */
export function damagedIncrements(problems: readonly Problem[]): Shortfall | undefined {
  if (problems.length === 0) return undefined
  const increments = formatCount(problems.length, 'increment')
  const hint = "'varve mirror recreate' makes metadata anew from what lies in them"
  return { message: `the metadata of ${increments} cannot be used`, hint, exitCode: EXIT.failed }
}
