import { VarveError, describeError, isVarveError, throwIfAborted } from '@varve/platform/errors'
import type { Platform } from '@varve/platform'
import type { Id } from './id.ts'
import type { Clock } from './lock-clock.ts'
import { describeLock, encodeLock, isAbandoned, lockOf, type StoredLock } from './lock-file.ts'
import type { OpenRepository } from './repository.ts'
import { loadLocks, removeLock } from './stored-locks.ts'

/** Between writing a lock and looking again who else did, where locks may be seen late: restic's time. */
export const SETTLE_MS = 200
/** First and longest time between two attempts on a locked repository: restic's. */
const FIRST_RETRY_MS = 5_000
const LONGEST_RETRY_MS = 60_000
/** Times between attempts to read a lock that cannot be read: a storage may need a moment. */
const REREAD_MS = [1_000, 2_000, 4_000]

/** Gets locks on a repository. */
export class LockAcquisition {
  readonly #repository: OpenRepository
  readonly #platform: Platform
  readonly #clock: Clock
  readonly #signal: AbortSignal | undefined

  /** @param signal - ends waiting */
  constructor(repository: OpenRepository, platform: Platform, clock: Clock, signal: AbortSignal | undefined) {
    this.#repository = repository
    this.#platform = platform
    this.#clock = clock
    this.#signal = signal
  }

  /**
   * Writes a lock, once nobody has one that conflicts.
   *
   * @param retryFor - how long to wait for that, in milliseconds
   * @throws ERR_VARVE_LOCKED naming who holds the repository, ERR_VARVE_DAMAGED naming a lock that cannot be read, ERR_VARVE_STORAGE, ERR_VARVE_ABORTED
   */
  async acquire(exclusive: boolean, retryFor: number): Promise<StoredLock> {
    const deadline = this.#clock.now() + retryFor
    for (let pause = FIRST_RETRY_MS; ; pause = Math.min(pause * 2, LONGEST_RETRY_MS)) {
      try {
        return await this.#attempt(exclusive)
      } catch (error) {
        const left = deadline - this.#clock.now()
        if (!isVarveError(error, 'ERR_VARVE_LOCKED') || left <= 0) throw error
        // Two that got in each other's way must not meet again.
        await this.#sleep(Math.min(left, Math.round(pause * (0.75 + Math.random() / 2))))
      }
    }
  }

  /**
   * Writes a lock, and does not wait until it is certain that nobody else did at the same moment.
   *
   * @returns the lock, and what resolves when it is certain, or rejects as {@link acquire} does: the lock is then still to be removed
   * @throws as {@link acquire}
   */
  async begin(exclusive: boolean): Promise<{ readonly lock: StoredLock; readonly settled: Promise<void> }> {
    await this.#refuseConflict(exclusive, undefined)
    const lock = lockOf(this.#platform, exclusive, this.#clock.now())
    const id = await this.#repository.saveUnpacked('lock', encodeLock(lock))
    return { lock: { ...lock, id }, settled: this.#settle(exclusive, id) }
  }

  async #attempt(exclusive: boolean): Promise<StoredLock> {
    const { lock, settled } = await this.begin(exclusive)
    try {
      await settled
      return lock
    } catch (error) {
      await removeLock(this.#repository, lock.id)
      throw error
    }
  }

  /**
   * Of two who lock at the same moment, at least one sees the other's lock when it looks after having written its own. Where it may take a moment until
   * a lock is seen, that has to be waited for.
   */
  async #settle(exclusive: boolean, own: Id): Promise<void> {
    if (this.#repository.storage.listsAtOnce !== true) await this.#sleep(SETTLE_MS)
    await this.#refuseConflict(exclusive, own)
  }

  async #refuseConflict(exclusive: boolean, own: Id | undefined): Promise<void> {
    for (const lock of await this.#others(own)) {
      if (!exclusive && !lock.exclusive) continue
      if (isAbandoned(lock, this.#platform, this.#clock.now())) {
        await removeLock(this.#repository, lock.id)
        continue
      }
      throw new VarveError(
        'ERR_VARVE_LOCKED',
        `the repository at ${this.#repository.storage.location} is locked ${describeLock(lock)}`,
        { hint: 'wait until that is done; unlock the repository only if you know that the process is gone' },
      )
    }
  }

  async #others(own: Id | undefined): Promise<readonly StoredLock[]> {
    for (const pause of REREAD_MS) {
      try {
        return await loadLocks(this.#repository, own)
      } catch (error) {
        if (!isVarveError(error, 'ERR_VARVE_DAMAGED')) throw error
        await this.#sleep(pause)
      }
    }
    try {
      return await loadLocks(this.#repository, own)
    } catch (error) {
      if (!isVarveError(error, 'ERR_VARVE_DAMAGED')) throw error
      throw new VarveError(error.code, `cannot tell who uses the repository: ${describeError(error)}`, {
        hint: 'make sure that no other program uses the repository, then remove all its locks',
        cause: error,
      })
    }
  }

  async #sleep(ms: number): Promise<void> {
    await this.#clock.sleep(ms, this.#signal)
    throwIfAborted(this.#signal)
  }
}
