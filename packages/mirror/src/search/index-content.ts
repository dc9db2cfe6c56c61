import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { nameFromBytes, nameToBytes } from '@varve/platform'
import { catalogueOf, type LoadedIncrement } from '../increment/loaded-increment.ts'
import { CATEGORIES } from '../increment/metadata-format.ts'
import { previousOf } from '../increment/list-increments.ts'

/** Version of {@link SCHEMA}: an index of another one is made anew. */
export const SCHEMA_VERSION = 1

/** The index: what metadata says of increments and their files. Folders are not searched for. */
export const SCHEMA = `
  CREATE TABLE increments (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    stamp TEXT NOT NULL,
    problem TEXT,
    time INTEGER,
    origin TEXT,
    previous TEXT,
    source ANY,
    tracked INTEGER NOT NULL DEFAULT 0,
    tracked_bytes INTEGER NOT NULL DEFAULT 0,
    deleted INTEGER NOT NULL DEFAULT 0,
    deleted_bytes INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE files (
    increment INTEGER NOT NULL,
    number INTEGER NOT NULL,
    path ANY NOT NULL,
    category INTEGER NOT NULL,
    type TEXT NOT NULL,
    size INTEGER,
    seconds INTEGER,
    nanoseconds INTEGER,
    hash TEXT,
    PRIMARY KEY (increment, number)
  ) STRICT, WITHOUT ROWID;
`

const NANOSECONDS = 1_000_000_000n

/** A name or path as SQLite keeps it: text, or bytes where it is not UTF-8. */
export function toSql(name: string): SQLInputValue {
  return name.isWellFormed() ? name : nameToBytes(name)
}

/** The opposite of {@link toSql}. */
export function fromSql(value: unknown): string {
  return value instanceof Uint8Array ? nameFromBytes(value) : String(value)
}

/** Nanoseconds since 1970 of what the index keeps; undefined where nothing is known. */
export function timeFromSql(seconds: unknown, nanoseconds: unknown): bigint | undefined {
  if (typeof seconds !== 'number' || typeof nanoseconds !== 'number') return undefined
  return BigInt(seconds) * NANOSECONDS + BigInt(nanoseconds)
}

/** Puts an increment's catalogue into the index. */
export function insertIncrement(database: DatabaseSync, loaded: LoadedIncrement, stamp: string): void {
  const source = loaded.origin === 'original' ? null : toSql(loaded.increment.source)
  const { lastInsertRowid: id } = database
    .prepare('INSERT INTO increments (name, stamp, time, origin, previous, source) VALUES (?, ?, ?, ?, ?, ?)')
    .run(loaded.name, stamp, loaded.time.getTime(), loaded.origin, previousOf(loaded) ?? null, source)
  const insert = database.prepare('INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const counts = { track: 0, deleted: 0, trackBytes: 0, deletedBytes: 0 }
  let number = 0
  for (const { path, category, type, size, mtime, hash } of catalogueOf(loaded)) {
    if (type === 'dir') continue
    counts[category]++
    counts[`${category}Bytes`] += size ?? 0
    const [seconds, nanoseconds] = mtime === undefined ? [null, null] : splitTime(mtime)
    const place = CATEGORIES.indexOf(category)
    insert.run(id, number++, toSql(path), place, type, size ?? null, seconds, nanoseconds, hash ?? null)
  }
  database
    .prepare('UPDATE increments SET tracked = ?, tracked_bytes = ?, deleted = ?, deleted_bytes = ? WHERE id = ?')
    .run(counts.track, counts.trackBytes, counts.deleted, counts.deletedBytes, id)
}

function splitTime(time: bigint): readonly [number, number] {
  const remainder = time % NANOSECONDS
  const nanoseconds = remainder < 0n ? remainder + NANOSECONDS : remainder
  return [Number((time - nanoseconds) / NANOSECONDS), Number(nanoseconds)]
}
