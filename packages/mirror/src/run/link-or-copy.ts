import { systemErrorCode } from '@varve/platform/errors'
import type { RunContext } from './run-context.ts'

/** What file systems answer that have no hard links, or not so many of one file, or not across what they are made of. */
const CANNOT_LINK: ReadonlySet<string | undefined> = new Set([
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EMLINK',
  'EXDEV',
])

/**
 * Gives a file of the destination one more name; where the file system cannot, makes a copy, and says so once.
 *
 * @param to - where nothing is
 * @throws the system's error
 */
export function linkOrCopy(context: RunContext, from: string, to: string): void {
  try {
    return context.steps.link(from, to)
  } catch (error) {
    if (!CANNOT_LINK.has(systemErrorCode(error))) throw error
  }
  context.notice('the destination cannot link files: increments take the room of copies')
  context.copiedLate = true
  const outcome = context.copier.copy({ from, to, tracked: false })
  if (outcome.kind === 'copied') return
  throw new Error(`'${from}' cannot be copied: ${outcome.kind === 'failed' ? outcome.message : 'it is gone'}`)
}
