import { closeSync, openSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { systemErrorCode, VarveError } from '@varve/platform/errors'
import { isUnfinishedCreation } from './sqlite-journal.ts'
import { databaseDamaged, sqliteFailure, sqliteResultCode } from './sqlite-failure.ts'
import {
  CONNECTION_PRAGMAS,
  databaseUrl,
  identifyDatabase,
  LAYOUT_PRAGMAS,
  readIdentity,
  SCHEMA,
  SCHEMA_VERSION,
  type DatabaseIdentity,
} from './sqlite-schema.ts'
import { systemFailure } from './storage-failure.ts'

/** How long a call waits for another process that uses the file, in milliseconds. A whole pack takes a fraction of a second. */
const BUSY_TIMEOUT = 60_000

const CREATE_FIRST = 'check the path, or create a repository there first'

/**
 * Opens a database that holds a repository.
 * @throws ERR_VARVE_NO_REPOSITORY, ERR_VARVE_REPOSITORY_VERSION, ERR_VARVE_DAMAGED, ERR_VARVE_STORAGE. Files that are not ours are not changed
 */
export function openDatabase(path: string): DatabaseSync {
  const attempt = `open the repository '${path}'`
  let stats
  try {
    stats = statSync(path)
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT' && systemErrorCode(error) !== 'ENOTDIR') {
      throw systemFailure(attempt, path, error)
    }
    throw new VarveError('ERR_VARVE_NO_REPOSITORY', `'${path}' does not exist`, { hint: CREATE_FIRST, cause: error })
  }
  if (!stats.isFile()) {
    throw new VarveError('ERR_VARVE_NO_REPOSITORY', `'${path}' is no file, where a database was expected`, {
      hint: 'name the database file, or a folder that holds a repository as local:FOLDER',
    })
  }
  const found = identify(path)
  if (found?.kind === 'no-database' && isUnfinishedCreation(path)) throw unfinished(path)
  if (found !== undefined) assertOurs(found, path, attempt)
  return connect(path, attempt, (connection) => {
    assertOurs(readIdentity(connection), path, attempt)
    if (!holdsConfig(connection)) throw unfinished(path)
  })
}

/**
 * Makes a database for a repository. A file that is empty, or a database of ours without a config, is used.
 * @throws ERR_VARVE_REPOSITORY_EXISTS, ERR_VARVE_BAD_ARGUMENT for any other file, ERR_VARVE_REPOSITORY_VERSION, ERR_VARVE_DAMAGED, ERR_VARVE_STORAGE
 */
export function createDatabase(path: string): DatabaseSync {
  const attempt = `make a repository in '${path}'`
  try {
    // SQLite would let everybody read it; the journal gets the mode of the file.
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw systemFailure(attempt, path, error)
    assertUsable(path, attempt)
  }
  return connect(path, attempt, (connection) => {
    if (readIdentity(connection).kind === 'empty') makeTables(connection)
    assertOurs(readIdentity(connection), path, attempt)
    if (holdsConfig(connection)) {
      throw new VarveError('ERR_VARVE_REPOSITORY_EXISTS', `'${path}' already holds a repository`)
    }
  })
}

function unfinished(path: string): VarveError {
  return new VarveError('ERR_VARVE_NO_REPOSITORY', `'${path}' is a Varve database, but holds no repository`, {
    hint: 'creating it was interrupted: create it again',
  })
}

/** @throws ERR_VARVE_BAD_ARGUMENT, unless a file is empty, or a database of ours that may be unfinished */
function assertUsable(path: string, attempt: string): void {
  let isFile
  try {
    isFile = statSync(path).isFile()
  } catch (error) {
    throw systemFailure(attempt, path, error)
  }
  const found: DatabaseIdentity | undefined = isFile ? identify(path) : { kind: 'no-database' }
  if (found?.kind === 'no-database' && isFile && isUnfinishedCreation(path)) return
  if (found?.kind === 'foreign' || found?.kind === 'no-database') {
    throw new VarveError('ERR_VARVE_BAD_ARGUMENT', `'${path}' exists and is no database of Varve`, {
      hint: 'name another file; this one was left as it is',
    })
  }
  if (found?.kind === 'ours') assertOurs(found, path, attempt)
}

function makeTables(connection: DatabaseSync): void {
  // Outside of the transaction, setting the layout would be one of its own, and leave a database without tables if we died then.
  connection.exec('BEGIN')
  connection.exec(LAYOUT_PRAGMAS)
  // Another process may have been faster.
  if (readIdentity(connection).kind !== 'ours') connection.exec(SCHEMA)
  connection.exec('COMMIT')
}

/** What a file is; undefined where that cannot be told, as while somebody writes to it. Then a proper connection has to tell. */
function identify(path: string): DatabaseIdentity | undefined {
  try {
    return identifyDatabase(path)
  } catch (error) {
    if (sqliteResultCode(error) === undefined) throw error
    return undefined
  }
}

function assertOurs(identity: DatabaseIdentity, path: string, attempt: string): void {
  switch (identity.kind) {
    case 'no-database':
      throw new VarveError('ERR_VARVE_NO_REPOSITORY', `'${path}' is no database, so no repository`, {
        hint: `${CREATE_FIRST}; if this file was a repository, its beginning is damaged: restore it from a copy`,
      })
    case 'empty':
      throw new VarveError('ERR_VARVE_NO_REPOSITORY', `'${path}' is empty, not a repository`, { hint: CREATE_FIRST })
    case 'foreign':
      throw new VarveError('ERR_VARVE_NO_REPOSITORY', `'${path}' is a database of another program`, {
        hint: CREATE_FIRST,
      })
    case 'ours':
      if (identity.version > SCHEMA_VERSION) {
        throw new VarveError(
          'ERR_VARVE_REPOSITORY_VERSION',
          `'${path}' has the tables of version ${identity.version}, but this Varve knows only up to ${SCHEMA_VERSION}`,
          { hint: 'use a newer Varve' },
        )
      }
      if (identity.version < 1) throw databaseDamaged(attempt, path, undefined)
  }
}

function connect(path: string, attempt: string, prepare: (connection: DatabaseSync) => void): DatabaseSync {
  let connection
  try {
    connection = new DatabaseSync(databaseUrl(path, { mode: 'rw' }), { timeout: BUSY_TIMEOUT })
    connection.exec(CONNECTION_PRAGMAS)
    prepare(connection)
    return connection
  } catch (error) {
    connection?.close()
    throw sqliteFailure(attempt, path, error)
  }
}

function holdsConfig(connection: DatabaseSync): boolean {
  return connection.prepare(`SELECT 1 FROM objects WHERE type = 'config' AND name = ''`).get() !== undefined
}
