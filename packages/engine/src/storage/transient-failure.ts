import { isVarveError, systemErrorCode } from '@varve/platform/errors'
import { sqliteResultCode } from './sqlite-failure.ts'

/** What systems answer when the same call would fail again, until somebody does something about it. */
const LASTING: ReadonlySet<string> = new Set(
  'ENOSPC EDQUOT EFBIG EROFS EACCES EPERM ENODEV ENXIO ENOENT ENOTDIR EISDIR EEXIST ELOOP ENAMETOOLONG EINVAL ENOTSUP ENOSYS'.split(
    ' ',
  ),
)

/** As {@link LASTING}, in SQLite's result codes: error, perm, readonly, corrupt, full, cannot open, auth, not a database. */
const LASTING_IN_SQLITE: ReadonlySet<number> = new Set([1, 3, 8, 11, 13, 14, 23, 26])

/**
 * Whether a call on storage failed in a way that may have passed a moment later: a connection that broke, a server that is busy. A full disk, missing
 * permission, or an object that is not there stay as they are, and so does what no storage says of itself, a mistake of the caller.
 *
 * @param error - what the call threw
 */
export function isTransientFailure(error: unknown): boolean {
  if (!isVarveError(error, 'ERR_VARVE_STORAGE')) return false
  for (let cause: unknown = error.cause; cause instanceof Error; cause = cause.cause) {
    if (LASTING.has(systemErrorCode(cause) ?? '')) return false
    if (LASTING_IN_SQLITE.has(sqliteResultCode(cause) ?? 0)) return false
  }
  return true
}
