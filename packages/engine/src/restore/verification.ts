import { throwIfAborted } from '@varve/platform/errors'
import { ContentComparison } from './content-comparison.ts'
import { EntryMark } from './entry-mark.ts'
import type { OverwriteMode, RestoreOptions } from './restore-options.ts'
import type { RestorePlan } from './restore-plan.ts'
import { RestoreReporter } from './restore-reporter.ts'

/**
 * Reads restored files again and compares them with the snapshot: all that were written, and those that were taken for equal without being
 * read. Files that are not right are reported as problems.
 *
 * @returns how many files are right, and how many are not
 * @throws ERR_VARVE_ABORTED
 */
export async function verifyRestored(
  plan: RestorePlan,
  options: RestoreOptions,
): Promise<{ readonly verified: number; readonly problems: number }> {
  const { entries } = plan
  const reporter = new RestoreReporter(options, 'verifying')
  const comparison = new ContentComparison(plan.pieces, options.workers, (bytes) => {
    reporter.bytesDone += bytes
  })
  let verified = 0
  reporter.start()
  try {
    for (let entry = 1; entry < entries.count; entry++) {
      if (!isToBeVerified(plan, entry, options.overwrite)) continue
      throwIfAborted(options.signal)
      const path = entries.path(entry)
      const first = entries.firstPiece(entry)
      const end = entries.endPiece(entry)
      await comparison.ask(path, first, end, ({ size, failure, has }) => {
        reporter.filesDone++
        let differs = size !== entries.size(entry)
        for (let piece = first; piece < end; piece++) differs ||= !has(piece)
        if (!differs) verified++
        else reporter.problem(path, `read again, it is not what the snapshot has${failure && `: ${failure}`}`)
      })
    }
    await comparison.finish()
    throwIfAborted(options.signal)
  } finally {
    await comparison.close()
    reporter.stop()
  }
  return { verified, problems: reporter.problems }
}

function isToBeVerified({ entries }: RestorePlan, entry: number, overwrite: OverwriteMode | undefined): boolean {
  if (!entries.isFile(entry) || entries.linkedTo(entry) !== 0 || !entries.isMarked(entry, EntryMark.done)) return false
  // What was kept has been compared already, unless its time was trusted.
  return entries.action(entry) !== 'keep' || overwrite === 'if-changed'
}
