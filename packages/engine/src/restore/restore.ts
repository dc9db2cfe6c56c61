import type { OpenRepository } from '../repository/repository.ts'
import { withLock } from '../repository/lock.ts'
import { RestoreExecution } from './restore-execution.ts'
import { planRestore } from './plan.ts'
import { checkRestoreOptions, type RestoreOptions, type RestoreResult } from './restore-options.ts'
import { WriteThreads } from './write-threads.ts'

/**
 * Restores a snapshot, or a part of it, into a folder. Holds a shared lock on the repository, unless `noLock` says otherwise.
 *
 * Every piece of content is verified before it is written. What cannot be restored is reported to `onProblem` and counted; all else is restored.
 *
 * @throws as `planRestore` and `RestoreExecution.finish`; ERR_VARVE_LOCKED, ERR_VARVE_LOCK_LOST; what reading the index throws
 */
export async function restore(repository: OpenRepository, options: RestoreOptions): Promise<RestoreResult> {
  checkRestoreOptions(options)
  const { signal, retryLock, noLock, workers, dryRun = false } = options
  const threads = dryRun ? undefined : WriteThreads.start(workers)
  try {
    const lock = { exclusive: false, reading: true, signal, retryLock, noLock, settleMeanwhile: true }
    return await withLock(repository, lock, async (held, confirmLock) => {
      const indexed = await repository.loadIndex(held)
      const heldOptions: RestoreOptions = { ...options, signal: held }
      const execution = new RestoreExecution(indexed, heldOptions, threads, confirmLock)
      try {
        const plan = await planRestore(indexed, heldOptions, dryRun ? undefined : execution)
        await confirmLock()
        return await execution.finish(plan)
      } finally {
        await execution.abandon()
      }
    })
  } finally {
    await threads?.close()
  }
}
