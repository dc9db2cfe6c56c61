import { VarveError } from '@varve/platform/errors'
import { storageFailure, type FailureReason } from './storage-failure.ts'

/** Primary result codes, see https://sqlite.org/rescode.html. */
const SQLITE_ERROR = 1
const SQLITE_PERM = 3
const SQLITE_BUSY = 5
const SQLITE_LOCKED = 6
const SQLITE_READONLY = 8
const SQLITE_IOERR = 10
const SQLITE_CORRUPT = 11
const SQLITE_FULL = 13
const SQLITE_CANTOPEN = 14
const SQLITE_AUTH = 23
const SQLITE_NOTADB = 26

const REASONS: ReadonlyMap<number, FailureReason> = new Map([
  [SQLITE_FULL, 'full'],
  [SQLITE_READONLY, 'read-only'],
  [SQLITE_PERM, 'denied'],
  [SQLITE_AUTH, 'denied'],
  // What SQLite cannot open, once the database is open, is the journal beside it.
  [SQLITE_CANTOPEN, 'denied'],
  [SQLITE_IOERR, 'device'],
  [SQLITE_BUSY, 'busy'],
  [SQLITE_LOCKED, 'busy'],
])

/** What a query can only fail with if the tables or values are not those that we made. */
const NOT_AS_MADE: ReadonlySet<number> = new Set([SQLITE_ERROR, SQLITE_CORRUPT, SQLITE_NOTADB])

/**
 * The VarveError for a failure in SQLite; any other error as it is.
 *
 * @param attempt - what was tried, to follow 'cannot': `save pack 1a2b3c4d`
 * @param location - the database's path
 */
export function sqliteFailure(attempt: string, location: string, error: unknown): unknown {
  if (isOutOfRange(error)) return databaseDamaged(attempt, location, error)
  const code = sqliteResultCode(error)
  if (code === undefined) return error
  if (NOT_AS_MADE.has(code)) return databaseDamaged(attempt, location, error)
  return storageFailure(attempt, location, REASONS.get(code) ?? 'other', error)
}

/** ERR_VARVE_DAMAGED for a database that does not hold what it should. */
export function databaseDamaged(attempt: string, location: string, cause: unknown): VarveError {
  return new VarveError('ERR_VARVE_DAMAGED', `cannot ${attempt}: the database '${location}' is damaged`, {
    hint: "copy the file before anything else; SQLite's command '.recover' can save what is intact",
    cause,
  })
}

/** Whether SQLite says that a file is no database at all. */
export function isNoDatabase(error: unknown): boolean {
  return sqliteResultCode(error) === SQLITE_NOTADB
}

/** The primary result code of an error that `node:sqlite` threw for SQLite; undefined for any other error. */
export function sqliteResultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined
  return error.errcode & 0xff
}

/** `node:sqlite` refuses integers that a number cannot hold; we never store any. */
function isOutOfRange(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_OUT_OF_RANGE'
}
