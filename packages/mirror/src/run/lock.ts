import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { describeError, throwIfAborted, VarveError } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import type { LongCall } from '@varve/platform'
import type { MirrorLayout } from '../state/mirror-layout.ts'

/** Milliseconds between two attempts. */
const INTERVAL = 100

/** SQLite's code for a database that somebody else has locked. */
const BUSY = 5

/** Keeps others from changing a mirror and its increments, until it is disposed of or the process dies. */
export interface MirrorLock extends Disposable {
  release(): void
}

/**
 * Locks a mirror and its increments for whoever changes any of it. The lock is the operating system's, on an empty SQLite file, and so never outlives its holder.
 *
 * @param options - `retryLock`: milliseconds to wait for somebody else's lock; `signal`
 * @throws ERR_VARVE_LOCKED; ERR_VARVE_TARGET where the lock's file cannot be made; ERR_VARVE_ABORTED
 */
export async function lockMirror(layout: MirrorLayout, options: LongCall = {}): Promise<MirrorLock> {
  const deadline = performance.now() + (options.retryLock ?? 0)
  for (;;) {
    throwIfAborted(options.signal)
    const lock = tryLock(layout)
    if (lock !== undefined) return lock
    if (performance.now() >= deadline) {
      throw new VarveError('ERR_VARVE_LOCKED', `another run is at work in '${layout.destination}'`, {
        hint: 'wait until it is done',
      })
    }
    await setTimeout(INTERVAL, undefined, options.signal === undefined ? {} : { signal: options.signal }).catch(
      () => {},
    )
  }
}

function tryLock(layout: MirrorLayout): MirrorLock | undefined {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(toFsPath(layout.lock))
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database?.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === BUSY) return undefined
    throw new VarveError('ERR_VARVE_TARGET', `cannot lock '${layout.destination}': ${describeError(error)}`, {
      cause: error,
    })
  }
  const held = database
  const release = (): void => {
    if (held.isOpen) held.close()
  }
  return { release, [Symbol.dispose]: release }
}
