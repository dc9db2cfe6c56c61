import * as v from 'valibot'
import { VarveError } from '@varve/platform/errors'
import type { Platform } from '@varve/platform'
import { processSpace } from '@varve/platform'
import type { Id } from './id.ts'
import { isTimestamp, timestampFromNanoseconds, timestampToNanoseconds } from './timestamp.ts'

const MINUTE_MS = 60_000

/** Age at which a lock means nothing any more, whoever holds it: who could not refresh it stopped before. */
export const STALE_AFTER_MS = 30 * MINUTE_MS
/** Age at which a live holder has failed to refresh twice; a process that cannot be seen either is not there. */
const UNREFRESHED_AFTER_MS = 10 * MINUTE_MS

/** Who has locked the repository, and since when. */
export interface Lock {
  /** When it was made or refreshed last, in milliseconds since 1970. */
  readonly time: number
  /** Nobody else may use the repository. */
  readonly exclusive: boolean
  readonly hostname: string
  readonly username: string
  readonly pid: number
  readonly uid: number
  readonly gid: number
  /** Where `pid` means something, see `processSpace`. Other programs pass the field over, and their own locks have none. */
  readonly space: string | undefined
}

/** A lock in a repository. */
export interface StoredLock extends Lock {
  readonly id: Id
}

const time = v.pipe(v.string(), v.check(isTimestamp, 'is no time'), v.transform(toMilliseconds))
const number = v.nullish(v.pipe(v.number(), v.integer()), 0)

const LOCK = v.object({
  time,
  exclusive: v.nullish(v.boolean(), false),
  hostname: v.nullish(v.string(), ''),
  username: v.nullish(v.string(), ''),
  pid: number,
  uid: number,
  gid: number,
  process_space: v.optional(v.string()),
})

/** A lock of this process. */
export function lockOf(platform: Platform, exclusive: boolean, now: number): Lock {
  const { name, uid, gid } = platform.accounts.currentUser()
  const hostname = platform.hostName()
  return { time: now, exclusive, hostname, username: name, pid: process.pid, uid, gid, space: processSpace() }
}

/** The JSON text of a lock, as restic writes it, and where its process id means something. */
export function encodeLock(lock: Lock): Buffer {
  return Buffer.from(
    JSON.stringify({
      time: timestampFromNanoseconds(BigInt(lock.time) * 1_000_000n),
      exclusive: lock.exclusive,
      hostname: lock.hostname,
      username: lock.username,
      pid: lock.pid,
      ...(lock.uid !== 0 && { uid: lock.uid }),
      ...(lock.gid !== 0 && { gid: lock.gid }),
      ...(lock.space !== undefined && { process_space: lock.space }),
    }),
  )
}

/**
 * A lock from its JSON text.
 * @throws ERR_VARVE_DAMAGED naming the lock
 */
export function decodeLock(json: Uint8Array, id: Id): StoredLock {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(json.buffer, json.byteOffset, json.byteLength).toString())
  } catch (error) {
    throw new VarveError('ERR_VARVE_DAMAGED', `lock ${id} is damaged: it is not JSON`, { cause: error })
  }
  const parsed = v.safeParse(LOCK, value)
  if (!parsed.success) {
    const [issue] = parsed.issues
    throw new VarveError('ERR_VARVE_DAMAGED', `lock ${id} is damaged: ${v.getDotPath(issue) ?? 'it'}: ${issue.message}`)
  }
  const { process_space: space, ...rest } = parsed.output
  return { id, ...rest, space }
}

/** Whether a lock is stale as restic says: 30 minutes old, or of a process of this machine that is not there any more. */
export function isStale(lock: Lock, platform: Platform, now: number): boolean {
  if (now - lock.time > STALE_AFTER_MS) return true
  return lock.hostname === platform.hostName() && !platform.processExists(lock.pid)
}

/**
 * Whether a lock's holder is certainly gone, so that nobody needs to be asked before it is removed. That is less than {@link isStale}, where a
 * person decides: another machine's clock may be wrong, and a process in another container of the same name cannot be seen.
 */
export function isAbandoned(lock: Lock, platform: Platform, now: number): boolean {
  if (lock.hostname !== platform.hostName()) return false
  const age = now - lock.time
  if (age > STALE_AFTER_MS) return true
  if (platform.processExists(lock.pid)) return false
  return age > UNREFRESHED_AFTER_MS || (lock.space !== undefined && lock.space === processSpace())
}

/** Who holds a lock, for a message. */
export function describeLock(lock: Lock): string {
  const since = new Date(lock.time).toISOString()
  const how = lock.exclusive ? 'exclusively by' : 'by'
  return `${how} process ${lock.pid} of ${lock.username || 'somebody'} on ${lock.hostname || 'an unknown machine'} (since ${since})`
}

function toMilliseconds(text: string): number {
  return isTimestamp(text) ? Number(timestampToNanoseconds(text) / 1_000_000n) : Number.NaN
}
