import { describeError } from '@varve/platform/errors'
import type { Breather } from './breather.ts'
import { EntryMark } from './entry-mark.ts'
import { removeTree } from './removal.ts'
import type { RestorePlan } from './restore-plan.ts'
import type { RestoreReporter } from './restore-reporter.ts'

/**
 * Removes what a plan says the snapshot does not have.
 *
 * @param dryRun - only report it
 * @returns how many files and folders that was
 * @throws ERR_VARVE_ABORTED
 */
export async function removeUnexpected(
  { entries, deletions }: RestorePlan,
  separator: string,
  reporter: RestoreReporter,
  breather: Breather,
  dryRun: boolean,
): Promise<number> {
  let count = 0
  for (const { folder, name } of deletions) {
    if (entries.isMarked(folder, EntryMark.failed)) continue
    const parent = entries.path(folder)
    const path = parent.endsWith(separator) ? parent + name : parent + separator + name
    try {
      for (const removed of removeTree(path, separator, dryRun)) {
        if (breather.isDue) await breather.breathe()
        count++
        reporter.item('delete', () => removed.path, removed.type, removed.size)
      }
    } catch (error) {
      if (!(error instanceof Error && 'syscall' in error)) throw error
      reporter.problem(path, describeError(error))
    }
  }
  return count
}
