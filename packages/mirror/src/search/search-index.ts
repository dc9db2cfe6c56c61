import { existsSync, lstatSync, mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describeError, isVarveError, toFsPath } from '@varve/platform'
import { breathe } from '@varve/platform'
import { incrementNames } from '../increment/list-increments.ts'
import { loadIncrement, metadataPath } from '../increment/load-increment.ts'
import { insertIncrement, SCHEMA, SCHEMA_VERSION } from './index-content.ts'

/** The name of the index in the folder that is ours. */
const NAME = 'index.db'

/** Milliseconds to wait for another process that brings the index up to date. */
const PATIENCE = 1000

/** SQLite's code for a database that somebody else has locked. */
const BUSY = 5

/** How an index is opened. */
export interface IndexOptions {
  /** Makes it in memory where it is not up to date, instead of writing it. Default: false. */
  readonly readOnly?: boolean | undefined
  /** Stops bringing the index up to date; the call then rejects with ERR_VARVE_ABORTED. */
  readonly signal?: AbortSignal | undefined
}

/** An increment that the destination has now, and what its metadata file is like. */
interface Present {
  readonly name: string
  readonly stamp: string
}

/**
 * Does something with the index of a destination's increments, after having brought it up to date. It lies beside the increments and is made of their metadata alone: where it is
 * missing, damaged or of another version it is made anew, and where it cannot be written it is made in memory.
 *
 * @param work - may run twice, when the first time shows that the index is damaged
 * @throws ERR_VARVE_NOT_FOUND where the destination is no folder; ERR_VARVE_STORAGE; ERR_VARVE_ABORTED; what `work` throws
 */
export async function withSearchIndex<T>(
  destination: string,
  options: IndexOptions,
  work: (database: DatabaseSync) => T,
): Promise<T> {
  const folder = resolve(destination)
  const present = findPresent(folder)
  const path = join(folder, '.varve-mirror', NAME)
  const ways = options.readOnly === true ? [openToRead] : [openToWrite, openAnew, openToRead]
  for (const open of ways) {
    try {
      const result = await attempt(() => open(path), folder, present, options, work)
      if (result !== undefined) return result.value
    } catch (error) {
      if (!isDatabaseError(error)) throw error
      // Somebody else is at work on it for long: what is theirs is not removed.
      if ('errcode' in error && error.errcode === BUSY) break
    }
  }
  const inMemory = await attempt(() => create(new DatabaseSync(':memory:')), folder, present, options, work)
  if (inMemory === undefined) throw new Error('an index in memory can be written')
  return inMemory.value
}

async function attempt<T>(
  open: () => OpenIndex | undefined,
  folder: string,
  present: readonly Present[],
  { signal }: IndexOptions,
  work: (database: DatabaseSync) => T,
): Promise<{ readonly value: T } | undefined> {
  const opened = open()
  if (opened === undefined) return undefined
  const { database, mayWrite } = opened
  try {
    const stale = findStale(database, present)
    if (stale.gone.length + stale.changed.length > 0) {
      if (!mayWrite) return undefined
      await update(database, folder, stale, signal)
    }
    return { value: work(database) }
  } finally {
    database.close()
  }
}

interface OpenIndex {
  readonly database: DatabaseSync
  readonly mayWrite: boolean
}

/** Opens the index that is there, or makes one where none is. */
function openToWrite(path: string): OpenIndex | undefined {
  if (!isPlace(path, true)) return undefined
  const database = new DatabaseSync(toFsPath(path), { timeout: PATIENCE })
  try {
    if (versionOf(database) === SCHEMA_VERSION) return { database, mayWrite: true }
    if (isEmpty(database)) return create(database)
  } catch (error) {
    database.close()
    throw error
  }
  database.close()
  return undefined
}

/** Removes what is there. */
function openAnew(path: string): OpenIndex | undefined {
  if (!isPlace(path, false)) return undefined
  try {
    for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(toFsPath(`${path}${suffix}`), { force: true })
  } catch {
    // It is on a medium that cannot be written to, or somebody else's.
    return undefined
  }
  return openToWrite(path)
}

function openToRead(path: string): OpenIndex | undefined {
  if (!isPlace(path, false) || !existsSync(toFsPath(path))) return undefined
  const database = new DatabaseSync(toFsPath(path), { readOnly: true, timeout: PATIENCE })
  try {
    if (versionOf(database) === SCHEMA_VERSION) return { database, mayWrite: false }
  } catch (error) {
    database.close()
    throw error
  }
  database.close()
  return undefined
}

function create(database: DatabaseSync): OpenIndex {
  database.exec(`BEGIN IMMEDIATE; ${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`)
  return { database, mayWrite: true }
}

/** Whether an index can be at a path: never through a link, which could lead to a file that is not ours. */
function isPlace(path: string, mayMake: boolean): boolean {
  const folder = resolve(path, '..')
  try {
    if (mayMake) mkdirSync(toFsPath(folder), { recursive: true, mode: 0o700 })
    if (lstatSync(toFsPath(folder)).isDirectory()) {
      const there = lstatSync(toFsPath(path), { throwIfNoEntry: false })
      return there === undefined || there.isFile()
    }
  } catch {
    // It is on a medium that cannot be written to, or somebody else's.
  }
  return false
}

function findPresent(folder: string): readonly Present[] {
  return incrementNames(folder).map((name) => {
    const stats = lstatSync(toFsPath(metadataPath(join(folder, name))), { bigint: true, throwIfNoEntry: false })
    // The time of the last change of the inode tells even of a file whose other times were set back.
    const parts = stats === undefined ? ['none'] : [stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs]
    return { name, stamp: parts.join(':') }
  })
}

interface Stale {
  readonly gone: readonly string[]
  readonly changed: readonly Present[]
}

function findStale(database: DatabaseSync, present: readonly Present[]): Stale {
  const rows = database.prepare('SELECT name, stamp FROM increments').all()
  const indexed = new Map(rows.map(({ name, stamp }) => [String(name), String(stamp)]))
  const changed = present.filter(({ name, stamp }) => indexed.get(name) !== stamp)
  const names = new Set(present.map(({ name }) => name))
  const outdated = changed.filter(({ name }) => indexed.has(name)).map(({ name }) => name)
  return { gone: [...outdated, ...[...indexed.keys()].filter((name) => !names.has(name))], changed }
}

async function update(
  database: DatabaseSync,
  folder: string,
  { gone, changed }: Stale,
  signal: AbortSignal | undefined,
): Promise<void> {
  database.exec('BEGIN IMMEDIATE')
  for (const name of gone) {
    database.prepare('DELETE FROM files WHERE increment = (SELECT id FROM increments WHERE name = ?)').run(name)
    database.prepare('DELETE FROM increments WHERE name = ?').run(name)
  }
  for (const { name, stamp } of changed) {
    await breathe(signal)
    // Somebody else may have brought it up to date meanwhile.
    database.prepare('DELETE FROM files WHERE increment = (SELECT id FROM increments WHERE name = ?)').run(name)
    database.prepare('DELETE FROM increments WHERE name = ?').run(name)
    try {
      insertIncrement(database, await loadIncrement(join(folder, name)), stamp)
    } catch (error) {
      if (!isVarveError(error)) throw error
      const insert = database.prepare('INSERT INTO increments (name, stamp, problem) VALUES (?, ?, ?)')
      insert.run(name, stamp, describeError(error))
    }
  }
  database.exec('COMMIT')
}

function versionOf(database: DatabaseSync): unknown {
  return database.prepare('PRAGMA user_version').get()?.['user_version']
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()?.['tables'] === 0
}

function isDatabaseError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR'
}
