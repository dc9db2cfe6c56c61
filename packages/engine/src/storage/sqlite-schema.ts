import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { isNoDatabase } from './sqlite-failure.ts'

/** Marks a database file as a repository of ours: 'Varv'. See https://sqlite.org/pragma.html#pragma_application_id. */
export const APPLICATION_ID = 0x56617276

/** Version of the tables below and of {@link PIECE_SIZE}. */
export const SCHEMA_VERSION = 1

/**
 * Bytes of an object that a row holds; the last row of an object holds the rest.
 *
 * A row is as much as fits into two overflow pages, plus the least that SQLite then keeps in the row's own page (8199 bytes, of
 * which 5 are the record's header), so that hardly any page has unused space: 1 % in all. Larger pieces save no time when whole packs
 * are read and written; a small range costs in proportion to the piece that it lies in.
 */
export const PIECE_SIZE = 2 * (65536 - 4) + 8199 - 5

/** The number of an object times this, plus the number of a piece, is the key of the piece. */
export const PIECES_PER_OBJECT = 2 ** 20

/** Bytes of a page. */
export const PAGE_SIZE = 65536

/**
 * Pages are as large as they can be, because a 16 MiB pack is written in half the time that it takes with SQLite's default.
 * Pages that become free are linked so that the file can shrink from its end, without a second copy (`reclaim`).
 * Both only take effect in a database that is empty.
 */
export const LAYOUT_PRAGMAS = `PRAGMA page_size = ${PAGE_SIZE}; PRAGMA auto_vacuum = INCREMENTAL`

/**
 * A rollback journal, not a write-ahead log: new pages are written once instead of twice, the file is complete on its own after
 * every save, and network folders and read-only media work. EXTRA also flushes the folder after the journal was deleted. Without it,
 * a power failure could bring the journal back, and so undo a save that was reported done.
 */
export const CONNECTION_PRAGMAS = [
  'PRAGMA synchronous = EXTRA',
  // Pages, 4 MiB. A number of bytes would be taken for pages of the default size, which are 16 times smaller than ours.
  'PRAGMA cache_size = 64',
  // The file may come from somebody else.
  'PRAGMA trusted_schema = OFF',
  'PRAGMA cell_size_check = ON',
].join('; ')

/** The tables of {@link SCHEMA_VERSION}. Every object has at least one piece, so that no two have the same number. */
export const SCHEMA = `
  CREATE TABLE objects (
    type TEXT NOT NULL,
    name TEXT NOT NULL,
    number INTEGER NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (type, name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE pieces (
    key INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL
  ) STRICT;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`

/** What a file is, as far as its first page tells. */
export type DatabaseIdentity =
  | { readonly kind: 'empty' }
  | { readonly kind: 'no-database' }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'ours'; readonly version: number }

/** Address of a database file for SQLite, which takes options in it, see https://sqlite.org/uri.html. */
export function databaseUrl(path: string, options: Readonly<Record<string, string>>): URL {
  const url = pathToFileURL(path)
  for (const [name, value] of Object.entries(options)) url.searchParams.set(name, value)
  return url
}

/**
 * Finds out what a file is without changing anything in it or beside it: no locks, no recovery, no write-ahead log.
 *
 * This goes through SQLite, because a file that is opened and closed in any other way loses the POSIX locks that this process
 * holds on it (https://sqlite.org/howtocorrupt.html, 2.2).
 *
 * @throws an error of SQLite, also when another process is just writing
 */
export function identifyDatabase(path: string): DatabaseIdentity {
  const connection = new DatabaseSync(databaseUrl(path, { mode: 'ro', immutable: '1' }), { readOnly: true })
  try {
    return readIdentity(connection)
  } catch (error) {
    if (isNoDatabase(error)) return { kind: 'no-database' }
    throw error
  } finally {
    connection.close()
  }
}

/** What the database that a connection is open to is. @throws an error of SQLite */
export function readIdentity(connection: DatabaseSync): DatabaseIdentity {
  if (readPragma(connection, 'page_count') === 0) return { kind: 'empty' }
  if (readPragma(connection, 'application_id') !== APPLICATION_ID) return { kind: 'foreign' }
  return { kind: 'ours', version: readPragma(connection, 'user_version') }
}

/** The value of a pragma that is a number. */
export function readPragma(connection: DatabaseSync, name: string): number {
  const value = connection.prepare(`PRAGMA ${name}`).get()?.[name]
  if (typeof value !== 'number') throw new Error(`SQLite has no number as PRAGMA ${name}`)
  return value
}
