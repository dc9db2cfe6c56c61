import { throwIfAborted, VarveError } from '@varve/platform/errors'
import type { Id } from './id.ts'
import { SETTLE_MS } from './lock-acquisition.ts'
import type { Clock } from './lock-clock.ts'
import { encodeLock, STALE_AFTER_MS, type StoredLock } from './lock-file.ts'
import type { OpenRepository } from './repository.ts'
import { removeLock } from './stored-locks.ts'

/** How often the time is looked at. Timers stand still while a machine sleeps, so that none can be set for the moment itself. */
const POLL_MS = 1_000
/** How often a lock is refreshed: restic's. */
const REFRESH_MS = 5 * 60_000
/** After a refresh that failed, until the next attempt. */
const RETRY_REFRESH_MS = 30_000
/** How long a lock is good without having been refreshed: enough before it is stale for clocks that differ a little. */
const GOOD_FOR_MS = STALE_AFTER_MS - 1.5 * REFRESH_MS
/** Attempts to remove the lock at the end. */
const REMOVALS = 3

/** A lock that this process has, kept fresh until it is released. */
export class HeldLock {
  readonly #repository: OpenRepository
  readonly #lock: StoredLock
  readonly #clock: Clock
  readonly #lost = new AbortController()
  readonly #released = new AbortController()
  readonly #settled: Promise<void>
  readonly #keeping: Promise<void>
  /** What is in the repository, oldest first: one lock, or more while it is being refreshed. */
  readonly #ids: Id[]
  #refreshedAt: number
  #attempt: Promise<void> | undefined
  #nextAttemptAt: number

  /**
   * @param lock - as it was stored just now
   * @param settled - resolves when it is certain that nobody has a lock that conflicts
   */
  constructor(repository: OpenRepository, lock: StoredLock, clock: Clock, settled: Promise<void>) {
    this.#settled = settled
    settled.catch((error: unknown) => this.#lost.abort(error))
    this.#repository = repository
    this.#lock = lock
    this.#clock = clock
    this.#ids = [lock.id]
    this.#refreshedAt = lock.time
    this.#nextAttemptAt = lock.time + REFRESH_MS
    this.#keeping = this.#keep()
  }

  /** Aborted with ERR_VARVE_LOCK_LOST when the lock does not protect any more, and with the reason why it never did. */
  get signal(): AbortSignal {
    return this.#lost.signal
  }

  /**
   * Resolves when the lock protects at this moment: at once, but for when it has yet to settle, or has grown old without anybody noticing, since the machine
   * slept.
   * @throws ERR_VARVE_LOCK_LOST, and why the lock could not be had
   */
  async confirm(): Promise<void> {
    await this.#settled
    throwIfAborted(this.#lost.signal)
    while (this.#isTooOld() && !this.#released.signal.aborted) {
      await this.#clock.sleep(POLL_MS, this.#lost.signal)
      throwIfAborted(this.#lost.signal)
    }
  }

  /** Stops refreshing and removes the lock. */
  async release(): Promise<void> {
    this.#released.abort()
    await this.#keeping
    await this.#attempt
    for (const id of this.#ids) await this.#remove(id)
  }

  async #keep(): Promise<void> {
    while (!this.#released.signal.aborted && !this.#lost.signal.aborted) {
      await this.#clock.sleep(POLL_MS, this.#released.signal)
      if (this.#released.signal.aborted) return
      const now = this.#clock.now()
      if (this.#isTooOld()) {
        // A machine that slept may find its lock as it was: work that only adds can go on then. Who works exclusively may already have met others.
        if (this.#lock.exclusive || this.#attempt !== undefined || !(await this.#revive())) this.#lose()
      } else if (this.#attempt === undefined && now >= this.#nextAttemptAt) {
        this.#attempt = this.#refresh().finally(() => {
          this.#attempt = undefined
        })
      }
    }
  }

  #isTooOld(): boolean {
    return this.#clock.now() - this.#refreshedAt >= GOOD_FOR_MS
  }

  /** A new lock first, then the old one away: the repository is locked at every moment. */
  async #refresh(): Promise<void> {
    const now = this.#clock.now()
    try {
      await this.#store(now)
      this.#refreshedAt = now
      this.#nextAttemptAt = now + REFRESH_MS
      if (!(await this.#dropOld())) this.#lose()
    } catch {
      this.#nextAttemptAt = now + RETRY_REFRESH_MS
    }
  }

  /** Whether a lock that has grown too old is there all the same, before and after a new one was written. */
  async #revive(): Promise<boolean> {
    const now = this.#clock.now()
    try {
      const old = this.#ids.at(-1)
      if (old === undefined || (await this.#repository.storage.stat('lock', old)) === undefined) return false
      await this.#store(now)
      await this.#clock.sleep(SETTLE_MS, this.#released.signal)
      if (!(await this.#dropOld())) return false
      this.#refreshedAt = now
      this.#nextAttemptAt = now + REFRESH_MS
      return true
    } catch {
      return false
    }
  }

  async #store(now: number): Promise<void> {
    this.#ids.push(await this.#repository.saveUnpacked('lock', encodeLock({ ...this.#lock, time: now })))
  }

  /** Removes all locks but the newest; false where somebody else had done so: we were not protected any more. */
  async #dropOld(): Promise<boolean> {
    let intact = true
    while (this.#ids.length > 1) {
      const [old] = this.#ids
      if (old !== undefined && !(await removeLock(this.#repository, old))) intact = false
      this.#ids.shift()
    }
    return intact
  }

  async #remove(id: Id): Promise<void> {
    for (let attempt = 0; attempt < REMOVALS; attempt++) {
      try {
        await removeLock(this.#repository, id)
        return
      } catch {
        // What the work gave or threw matters more, and the lock becomes stale by itself.
      }
    }
  }

  #lose(): void {
    const error = new VarveError('ERR_VARVE_LOCK_LOST', 'the lock on the repository could not be kept', {
      hint: 'nothing is damaged; do it again when the repository can be reached',
    })
    this.#lost.abort(error)
  }
}
