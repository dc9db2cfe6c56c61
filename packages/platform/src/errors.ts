import { constants } from 'node:os'
import { getSystemErrorMessage } from 'node:util'

/** Every code that a {@link VarveError} can carry. Callers branch on these, never on messages. */
export type ErrorCode =
  | 'ERR_VARVE_ABORTED' // an AbortSignal stopped the work
  | 'ERR_VARVE_BAD_ARGUMENT' // an option or argument makes no sense
  | 'ERR_VARVE_NO_REPOSITORY' // nothing at the location
  | 'ERR_VARVE_REPOSITORY_EXISTS' // init where a repository already is
  | 'ERR_VARVE_REPOSITORY_VERSION' // a later version of the format
  | 'ERR_VARVE_WRONG_PASSWORD' // no key opens with this password
  | 'ERR_VARVE_LOCKED' // another process holds a conflicting lock
  | 'ERR_VARVE_LOCK_LOST' // our lock vanished or could not be refreshed in time
  | 'ERR_VARVE_NOT_FOUND' // storage has no such object
  | 'ERR_VARVE_STORAGE' // storage failed: I/O error, no space, read-only
  | 'ERR_VARVE_DAMAGED' // stored bytes are not what they should be
  | 'ERR_VARVE_MISSING_BLOB' // the index knows no such blob
  | 'ERR_VARVE_SNAPSHOT_NOT_FOUND'
  | 'ERR_VARVE_SNAPSHOT_AMBIGUOUS'
  | 'ERR_VARVE_SNAPSHOT_EMPTY' // nothing was left to save
  | 'ERR_VARVE_PATH_NOT_FOUND' // no such path in a snapshot
  | 'ERR_VARVE_SOURCE' // a source does not exist or cannot be read at all
  | 'ERR_VARVE_TARGET' // a restore target cannot be used
  | 'ERR_VARVE_EXISTS' // something is there that would have to be overwritten
  | 'ERR_VARVE_UNSUPPORTED' // a format, or a part of one, that this version does not know
  | 'ERR_VARVE_TOO_LARGE' // more than there is room for, or than was allowed
  | 'ERR_VARVE_UNSAFE_PATH' // a tree names something outside the target
  | 'ERR_VARVE_FORMAT' // bytes of another kind, or of a later version of their format
  | 'ERR_VARVE_WRONG_BASE' // a delta is for another file or folder than this one
  | 'ERR_VARVE_CONFIG' // a configuration file that is missing, or says something that makes no sense

/**
 * A failure that can happen in normal use. Users see `message` (what happened to what) and `hint` (what to do), never a
 * stack. Impossible states throw a plain `Error` instead.
 */
export class VarveError extends Error {
  override readonly name = 'VarveError'
  readonly code: ErrorCode
  readonly hint: string | undefined

  /**
   * @param code - what kind of failure this is
   * @param message - what happened, naming the thing
   * @param options - `hint`: what the user can do about it; `cause`: the error underneath
   */
  constructor(code: ErrorCode, message: string, options: { readonly hint?: string; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
  }
}

/** Whether `error` is a {@link VarveError} with the given code. */
export function isVarveError(error: unknown, code?: ErrorCode): error is VarveError {
  return error instanceof VarveError && (code === undefined || error.code === code)
}

/** Throws `ERR_VARVE_ABORTED` when `signal` has been aborted; its reason becomes the cause, unless that already is a VarveError. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return
  if (signal.reason instanceof VarveError) throw signal.reason
  throw new VarveError('ERR_VARVE_ABORTED', 'stopped on request', { cause: signal.reason })
}

/** Errors that Node knows no names and no words for, a full quota among them, by their number; what they mean. */
const UNNAMED: Readonly<Record<string, string>> = {
  EDQUOT: 'disk quota exceeded',
  ESTALE: 'stale file handle',
}

/** The `code` of a Node system error (`'ENOENT'`, …), or undefined for anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  if (/^E[A-Z0-9]+$/.test(error.code)) return error.code
  if (!/^unknown/i.test(error.code) || !('errno' in error) || typeof error.errno !== 'number') return undefined
  const number = -error.errno
  return Object.entries(constants.errno).find(([, value]) => value === number)?.[0]
}

/**
 * What went wrong, in words that fit behind a colon in a message that names the thing: a system's error names path and call itself, which nobody
 * needs twice.
 */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = systemErrorCode(error)
  if (code === undefined || !('errno' in error) || typeof error.errno !== 'number') return error.message
  return `${UNNAMED[code] ?? getSystemErrorMessage(error.errno) ?? 'unknown error'} (${code})`
}
