import { isVarveError, throwIfAborted, VarveError } from '@varve/platform/errors'
import { currentPlatform } from '@varve/platform'
import { surviveHangups } from '@varve/platform'
import type { Platform } from '@varve/platform'
import { HeldLock } from './held-lock.ts'
import { parseId } from './id.ts'
import { LockAcquisition } from './lock-acquisition.ts'
import { systemClock, type Clock } from './lock-clock.ts'
import { isStale } from './lock-file.ts'
import type { OpenRepository } from './repository.ts'
import { loadLock, removeLock } from './stored-locks.ts'

/** How to lock. */
export interface LockOptions {
  /** Nobody else may use the repository meanwhile; otherwise only who locks exclusively may not. */
  readonly exclusive: boolean
  /** Do the work without a lock: for a repository that cannot be written to. */
  readonly noLock?: boolean | undefined
  /** The work writes nothing, so that it can do without a lock where none can be stored; the error says so then. */
  readonly reading?: boolean | undefined
  /**
   * Begin the work at once, while the lock settles, unless others are to be waited for: for work that changes nothing before it has called `confirm`. If somebody
   * turns out to have locked the repository at the same moment, the work is stopped with ERR_VARVE_LOCKED.
   */
  readonly settleMeanwhile?: boolean | undefined
  /** How long to wait for others, in milliseconds; 0 if left out. */
  readonly retryLock?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly platform?: Platform | undefined
  readonly clock?: Clock | undefined
}

/**
 * Does work while the repository is locked, with restic's locks. The lock is refreshed every five minutes and removed whatever happens. One that cannot be
 * removed is stale half an hour later.
 *
 * Meanwhile the process survives SIGHUP, with which restic asks whether a lock's holder is alive.
 *
 * A lock of a process of this machine that is certainly gone is removed on the way (see `isAbandoned`); restic makes its user do that.
 *
 * @param work - gets a signal that is aborted with the caller's, and with ERR_VARVE_LOCK_LOST when the lock could not be refreshed for 22.5 minutes
 * or is not ours any more: the work must stop then, since others may think that they are alone. The signal is late after the machine has slept; `confirm` is
 * not: it resolves when the lock holds at this moment, and is to be called before anything is written or removed that others rely on
 * @throws ERR_VARVE_LOCKED naming who holds it, ERR_VARVE_LOCK_LOST, ERR_VARVE_DAMAGED naming a lock that cannot be read, ERR_VARVE_STORAGE,
 * ERR_VARVE_ABORTED, and what the work throws
 */
export async function withLock<T>(
  repository: OpenRepository,
  options: LockOptions,
  work: (signal: AbortSignal, confirm: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const { noLock = false, signal, platform = currentPlatform(), clock = systemClock } = options
  throwIfAborted(signal)
  if (noLock) return work(signal ?? new AbortController().signal, async () => undefined)
  const endSurviving = surviveHangups()
  try {
    const acquisition = new LockAcquisition(repository, platform, clock, signal)
    const { exclusive, retryLock = 0, settleMeanwhile = false } = options
    const acquiring =
      settleMeanwhile && retryLock === 0
        ? acquisition.begin(exclusive)
        : acquisition.acquire(exclusive, retryLock).then((lock) => ({ lock, settled: Promise.resolve() }))
    const { lock, settled } = await (options.reading === true ? acquiring.catch(tellOfNoLock) : acquiring)
    const held = new HeldLock(repository, lock, clock, settled)
    try {
      const combined = signal === undefined ? held.signal : AbortSignal.any([signal, held.signal])
      const result = await work(combined, () => held.confirm())
      // Done, but maybe not alone.
      await held.confirm()
      return result
    } finally {
      await held.release()
    }
  } finally {
    endSurviving()
  }
}

/** Adds to the failure of a storage that takes no lock, full or read-only, how to read from it all the same. */
function tellOfNoLock(error: unknown): never {
  if (!isVarveError(error, 'ERR_VARVE_STORAGE')) throw error
  throw new VarveError(error.code, error.message, {
    hint: 'to only read, no lock is needed as long as nobody else writes to the repository: add --no-lock',
    cause: error,
  })
}

/**
 * Removes the locks of processes that are gone: those that were not refreshed for 30 minutes, and those of this machine whose process is not there.
 *
 * @param options - `all`: removes every lock, also those that cannot be read
 * @returns how many were removed
 */
export async function removeStaleLocks(
  repository: OpenRepository,
  options: { readonly all?: boolean; readonly platform?: Platform; readonly clock?: Clock } = {},
): Promise<number> {
  const { all = false, platform = currentPlatform(), clock = systemClock } = options
  let removed = 0
  for (const { name } of await repository.storage.list('lock')) {
    const id = parseId(name)
    if (!all) {
      const lock = await loadLock(repository, id).catch((error: unknown) => {
        if (isVarveError(error, 'ERR_VARVE_DAMAGED')) return undefined
        throw error
      })
      if (lock === undefined || !isStale(lock, platform, clock.now())) continue
    }
    if (await removeLock(repository, id)) removed++
  }
  return removed
}
