import type { Shortfall } from '../../command.ts'
import { EXIT } from '../../exit-codes.ts'
import { formatCount } from '../../format/format-count.ts'

/** What is missing from an index some of whose entries could not be read. */
export function unreadable(problems: number): Shortfall | undefined {
  if (problems === 0) return undefined
  return { message: `${formatCount(problems, 'entry', 'entries')} could not be read`, exitCode: EXIT.incomplete }
}
