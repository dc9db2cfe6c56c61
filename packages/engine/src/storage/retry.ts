import { setTimeout } from 'node:timers/promises'
import { isVarveError, throwIfAborted, VarveError } from '@varve/platform/errors'
import { describeObject } from './object-name.ts'
import { objectTooShort } from './storage-failure.ts'
import type { ByteRange, FileType, Storage, StoredFile } from './storage.ts'
import { isTransientFailure } from './transient-failure.ts'

/** How often and how long a {@link RetryingStorage} tries. Times are in milliseconds. */
export interface RetryOptions {
  /** Most times that a call is tried, the first included; 8 if left out. */
  readonly attempts?: number
  /** Pause before the second attempt; twice as long before each further one; 500 if left out. */
  readonly firstPause?: number
  /** Longest pause; 60,000 if left out. */
  readonly longestPause?: number
  /** No attempt begins later than this after the first; 15 minutes if left out, restic's limit. */
  readonly totalTime?: number
  /** Ends pauses: what waits fails with ERR_VARVE_ABORTED. Calls that are under way end as the storage behind ends them. */
  readonly signal?: AbortSignal | undefined
  /** Called before each pause, for a log. */
  readonly onRetry?: ((failure: unknown, pause: number) => void) | undefined
  /** The time, in real life from a clock that is never set back. */
  readonly now?: () => number
  /** Sits out a pause; rejects when the signal is aborted. */
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>
  /** From 0 up to, not including, 1. */
  readonly random?: () => number
}

const DEFAULTS = { attempts: 8, firstPause: 500, longestPause: 60_000, totalTime: 15 * 60_000 }

/** What is too short is tried once more, as it may have been cut off on its way; what is damaged where it lies does not get better. */
const ATTEMPTS_AT_SHORT = 2

/**
 * Storage in front of another one that it asks again when that fails in passing: with pauses that grow and are drawn by lot, so that many clients do not come
 * back all at once (M. Brooker, "Exponential Backoff And Jitter", 2015; half of each pause is certain, half drawn).
 *
 * A save is believed only when the object is there with its size, which costs a `stat` for each save: a save that was reported as failed after it had succeeded
 * is found out, and so is one that was reported as done and stored nothing, or a part. Other bytes of the same number are not; a check of all data finds them.
 * A removal that succeeds at a second attempt because nothing is there any more has succeeded.
 *
 * It is meant for storage behind a network. Local storages are used without it: what they report they have flushed, and what they fail with lasts.
 */
export class RetryingStorage implements Storage {
  readonly location: string
  readonly localPaths: readonly string[]
  /** There only where the storage behind has it. */
  readonly reclaim?: () => Promise<void>
  readonly #inner: Storage
  readonly #limits: typeof DEFAULTS
  readonly #onRetry: (failure: unknown, pause: number) => void
  readonly #now: () => number
  readonly #wait: (milliseconds: number, signal: AbortSignal) => Promise<void>
  readonly #random: () => number
  readonly #closed = new AbortController()
  readonly #signal: AbortSignal

  /** @param inner - the storage that does the work; it is closed with this one */
  constructor(inner: Storage, options: RetryOptions = {}) {
    const { signal, attempts, firstPause, longestPause, totalTime } = options
    this.location = inner.location
    this.localPaths = inner.localPaths
    this.#inner = inner
    this.#limits = {
      attempts: attempts ?? DEFAULTS.attempts,
      firstPause: firstPause ?? DEFAULTS.firstPause,
      longestPause: longestPause ?? DEFAULTS.longestPause,
      totalTime: totalTime ?? DEFAULTS.totalTime,
    }
    this.#onRetry = options.onRetry ?? (() => undefined)
    this.#now = options.now ?? (() => performance.now())
    this.#wait = options.wait ?? waitInRealTime
    this.#random = options.random ?? Math.random
    this.#signal = signal === undefined ? this.#closed.signal : AbortSignal.any([signal, this.#closed.signal])
    const reclaim = inner.reclaim?.bind(inner)
    if (reclaim !== undefined) this.reclaim = () => this.#try('reclaim space', reclaim)
  }

  async list(type: FileType): Promise<readonly StoredFile[]> {
    return await this.#try(`list the ${type} objects`, () => this.#inner.list(type))
  }

  async load(type: FileType, name: string, range?: ByteRange): Promise<Uint8Array<ArrayBuffer>> {
    return await this.#try(`load ${describeObject(type, name)}`, async () => {
      const bytes = await this.#inner.load(type, name, range)
      if (range === undefined || bytes.length === range.length) return bytes
      throw objectTooShort(type, name, range.offset + bytes.length, range)
    })
  }

  async save(type: FileType, name: string, bytes: Uint8Array): Promise<void> {
    let saved = false
    await this.#try(`save ${describeObject(type, name)}`, async () => {
      try {
        // Where only looking failed, the bytes need not be sent once more.
        if (!saved) await this.#inner.save(type, name, bytes)
        saved = true
      } catch (error) {
        if (isTransientFailure(error) && (await this.#holds(type, name, bytes.length))) return
        throw error
      }
      const stored = await this.#inner.stat(type, name)
      if (stored?.size === bytes.length) return
      saved = false
      throw savedInVain(type, name, bytes.length, stored)
    })
  }

  async remove(type: FileType, name: string): Promise<void> {
    let attempts = 0
    await this.#try(`remove ${describeObject(type, name)}`, async () => {
      try {
        await this.#inner.remove(type, name)
      } catch (error) {
        if (attempts++ === 0 || !isVarveError(error, 'ERR_VARVE_NOT_FOUND')) throw error
      }
    })
  }

  async stat(type: FileType, name: string): Promise<StoredFile | undefined> {
    return await this.#try(`look for ${describeObject(type, name)}`, () => this.#inner.stat(type, name))
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await this.#inner.close()
  }

  /** Whether an object is there whole. The name of a config says nothing about what is in it: another one may be there. */
  async #holds(type: FileType, name: string, size: number): Promise<boolean> {
    if (type === 'config') return false
    try {
      return (await this.#inner.stat(type, name))?.size === size
    } catch {
      return false
    }
  }

  /** @param attempt - what is tried, to follow 'cannot' */
  async #try<T>(attempt: string, work: () => Promise<T>): Promise<T> {
    throwIfAborted(this.#signal.aborted && !this.#closed.signal.aborted ? this.#signal : undefined)
    const { attempts, firstPause, longestPause, totalTime } = this.#limits
    const begin = this.#now()
    for (let tried = 1, pause = firstPause; ; tried++, pause = Math.min(pause * 2, longestPause)) {
      try {
        return await work()
      } catch (error) {
        const isShort = isVarveError(error, 'ERR_VARVE_DAMAGED')
        if (!isShort && !isTransientFailure(error)) throw error
        const drawn = pause / 2 + (this.#random() * pause) / 2
        const isLast = tried >= (isShort ? Math.min(attempts, ATTEMPTS_AT_SHORT) : attempts)
        if (isLast || this.#now() - begin + drawn > totalTime) throw tired(error, tried)
        this.#onRetry(error, drawn)
        await this.#pause(drawn, attempt, error)
      }
    }
  }

  async #pause(milliseconds: number, attempt: string, failure: unknown): Promise<void> {
    try {
      await this.#wait(milliseconds, this.#signal)
    } catch (error) {
      if (!this.#signal.aborted) throw error
    }
    if (!this.#signal.aborted) return
    throw new VarveError('ERR_VARVE_ABORTED', `stopped on request while waiting to ${attempt} once more`, {
      cause: failure,
    })
  }
}

async function waitInRealTime(milliseconds: number, signal: AbortSignal): Promise<void> {
  await setTimeout(milliseconds, undefined, { signal })
}

function savedInVain(type: FileType, name: string, size: number, stored: StoredFile | undefined): VarveError {
  const found = stored === undefined ? 'it is not there' : `it has ${stored.size} bytes instead of ${size}`
  return new VarveError(
    'ERR_VARVE_STORAGE',
    `cannot save ${describeObject(type, name)}: ${found}, although saving it was reported done`,
    { hint: 'do not trust this storage before its own logs or its provider have explained that' },
  )
}

/** The last failure, and how often it was tried. */
function tired(error: unknown, tried: number): unknown {
  if (tried === 1 || !isVarveError(error)) return error
  const hint = error.hint === undefined ? {} : { hint: error.hint }
  return new VarveError(error.code, `${error.message} (tried ${tried} times)`, { ...hint, cause: error })
}
