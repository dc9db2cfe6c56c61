import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { VarveError } from '@varve/platform/errors'
import { describeObject, isObjectName } from './object-name.ts'
import { databaseDamaged, sqliteFailure } from './sqlite-failure.ts'
import { releaseNow } from '../release-now.ts'
import { createDatabase, openDatabase } from './sqlite-opening.ts'
import { PIECE_SIZE, PIECES_PER_OBJECT, readPragma } from './sqlite-schema.ts'
import { objectNotFound, resolveRange } from './storage-failure.ts'
import type { ByteRange, FileType, StoredFile } from './storage.ts'

/** Pages that one transaction of `reclaim` moves: 16 MiB, which bounds its journal and how long others wait. */
const PAGES_PER_STEP = 256

/** Where the pieces of an object are, and its size in bytes. */
interface ObjectEntry {
  readonly number: number
  readonly size: number
}

/**
 * The objects of a repository in an open database, all calls synchronous; each is one transaction. Failures are VarveErrors as
 * `Storage` describes them, with SQLite's error as cause.
 */
export class SqliteDatabase {
  readonly #path: string
  readonly #connection: DatabaseSync
  readonly #list: StatementSync
  readonly #find: StatementSync
  readonly #addObject: StatementSync
  readonly #removeObject: StatementSync
  readonly #lastKey: StatementSync
  readonly #pieces: StatementSync
  readonly #addPiece: StatementSync
  readonly #removePieces: StatementSync

  private constructor(connection: DatabaseSync, path: string) {
    this.#path = path
    this.#connection = connection
    this.#list = connection.prepare('SELECT name, size FROM objects WHERE type = ?')
    this.#find = connection.prepare('SELECT number, size FROM objects WHERE type = ? AND name = ?')
    this.#addObject = connection.prepare('INSERT INTO objects (type, name, number, size) VALUES (?, ?, ?, ?)')
    this.#removeObject = connection.prepare('DELETE FROM objects WHERE type = ? AND name = ?')
    this.#lastKey = connection.prepare('SELECT max(key) AS key FROM pieces')
    this.#pieces = connection.prepare('SELECT key, bytes FROM pieces WHERE key BETWEEN ? AND ? ORDER BY key')
    this.#addPiece = connection.prepare('INSERT INTO pieces (key, bytes) VALUES (?, ?)')
    this.#removePieces = connection.prepare('DELETE FROM pieces WHERE key BETWEEN ? AND ?')
  }

  /** Opens a database that holds a repository. @throws as `openDatabase` */
  static open(path: string): SqliteDatabase {
    return SqliteDatabase.#over(openDatabase(path), path)
  }

  /** Makes a database for a repository. @throws as `createDatabase` */
  static create(path: string): SqliteDatabase {
    return SqliteDatabase.#over(createDatabase(path), path)
  }

  static #over(connection: DatabaseSync, path: string): SqliteDatabase {
    try {
      return new SqliteDatabase(connection, path)
    } catch (error) {
      connection.close()
      throw sqliteFailure('read the tables', path, error)
    }
  }

  /** All objects of a kind. */
  list(type: FileType): readonly StoredFile[] {
    const attempt = `list the ${type} objects`
    return this.#attempt(attempt, () =>
      this.#list.all(type).map(({ name, size }) => {
        if (typeof name !== 'string' || !isObjectName(type, name) || !isSize(size)) throw this.#damaged(attempt)
        return { name, size }
      }),
    )
  }

  /** The size of an object, or undefined where there is none. */
  stat(type: FileType, name: string): StoredFile | undefined {
    const attempt = `look for ${describeObject(type, name)}`
    const entry = this.#attempt(attempt, () => this.#findEntry(type, name, attempt))
    return entry === undefined ? undefined : { name, size: entry.size }
  }

  /** The bytes of an object, or of a range of it. Reads only the pieces that the range lies in. */
  load(type: FileType, name: string, range: ByteRange | undefined): Uint8Array<ArrayBuffer> {
    const attempt = `load ${describeObject(type, name)}`
    return this.#transaction(attempt, 'BEGIN', () => {
      const entry = this.#findEntry(type, name, attempt)
      if (entry === undefined) throw objectNotFound(type, name, this.#path)
      const wanted = resolveRange(type, name, entry.size, range)
      // Sizes are read from the file, which anybody may have written: no more memory than it can fill.
      if (wanted.length > this.#fileSize()) throw this.#damaged(attempt)
      return wanted.length === 0 ? new Uint8Array() : this.#readPieces(entry, wanted, attempt)
    })
  }

  /** Stores an object, in place of the one of that name if there is one. */
  save(type: FileType, name: string, bytes: Uint8Array): void {
    const attempt = `save ${describeObject(type, name)}`
    this.#transaction(attempt, 'BEGIN IMMEDIATE', () => {
      this.#removeEntry(type, name, attempt)
      const { key } = this.#lastKey.get() ?? {}
      const number = typeof key === 'number' ? Math.floor(key / PIECES_PER_OBJECT) + 1 : 0
      this.#addObject.run(type, name, number, bytes.length)
      let piece = number * PIECES_PER_OBJECT
      for (let start = 0; start === 0 || start < bytes.length; start += PIECE_SIZE) {
        this.#addPiece.run(piece++, bytes.subarray(start, start + PIECE_SIZE))
      }
    })
  }

  /** Removes an object; its pages become free for others. */
  remove(type: FileType, name: string): void {
    const attempt = `remove ${describeObject(type, name)}`
    this.#transaction(attempt, 'BEGIN IMMEDIATE', () => {
      if (!this.#removeEntry(type, name, attempt)) throw objectNotFound(type, name, this.#path)
    })
  }

  /**
   * Moves pages from the end of the file into free ones and cuts off what is free then: a step of it, in a transaction of its own, so
   * that others get their turn and nothing is lost when the process dies.
   *
   * @returns whether there is more to do
   */
  reclaimStep(): boolean {
    return this.#attempt('shrink the database', () => {
      const before = readPragma(this.#connection, 'freelist_count')
      if (before === 0) return false
      this.#connection.exec(`PRAGMA incremental_vacuum(${PAGES_PER_STEP})`)
      const after = readPragma(this.#connection, 'freelist_count')
      // Nothing moves in a database that another program rebuilt without pointer pages.
      return after > 0 && after < before
    })
  }

  /** Closes the database. */
  close(): void {
    this.#connection.close()
  }

  #readPieces(entry: ObjectEntry, wanted: ByteRange, attempt: string): Uint8Array<ArrayBuffer> {
    const end = wanted.offset + wanted.length
    const firstPiece = Math.floor(wanted.offset / PIECE_SIZE)
    const lastPiece = Math.floor((end - 1) / PIECE_SIZE)
    const firstKey = entry.number * PIECES_PER_OBJECT
    // Not from Node's pool, so that the result owns its memory, and not filled with zeros first.
    const target = new Uint8Array(Buffer.allocUnsafeSlow(wanted.length).buffer)
    let piece = firstPiece
    for (const { key, bytes } of this.#pieces.iterate(firstKey + firstPiece, firstKey + lastPiece)) {
      const start = piece * PIECE_SIZE
      const length = Math.min(PIECE_SIZE, entry.size - start)
      if (key !== firstKey + piece || !(bytes instanceof Uint8Array) || bytes.length !== length) {
        throw this.#damaged(attempt)
      }
      const from = Math.max(wanted.offset, start)
      target.set(bytes.subarray(from - start, Math.min(end - start, length)), from - wanted.offset)
      releaseNow(bytes)
      piece++
    }
    if (piece !== lastPiece + 1) throw this.#damaged(attempt)
    return target
  }

  #findEntry(type: FileType, name: string, attempt: string): ObjectEntry | undefined {
    const row = this.#find.get(type, name)
    if (row === undefined) return undefined
    const { number, size } = row
    if (!isSize(number) || !isSize(size)) throw this.#damaged(attempt)
    return { number, size }
  }

  #removeEntry(type: FileType, name: string, attempt: string): boolean {
    const entry = this.#findEntry(type, name, attempt)
    if (entry === undefined) return false
    const firstKey = entry.number * PIECES_PER_OBJECT
    this.#removePieces.run(firstKey, firstKey + PIECES_PER_OBJECT - 1)
    this.#removeObject.run(type, name)
    return true
  }

  #fileSize(): number {
    return readPragma(this.#connection, 'page_count') * readPragma(this.#connection, 'page_size')
  }

  #transaction<T>(attempt: string, begin: 'BEGIN' | 'BEGIN IMMEDIATE', work: () => T): T {
    return this.#attempt(attempt, () => {
      this.#connection.exec(begin)
      try {
        const result = work()
        this.#connection.exec('COMMIT')
        return result
      } catch (error) {
        // SQLite has already rolled back after some failures, such as a full disk.
        if (this.#connection.isTransaction) this.#connection.exec('ROLLBACK')
        throw error
      }
    })
  }

  #attempt<T>(attempt: string, work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw sqliteFailure(attempt, this.#path, error)
    }
  }

  #damaged(attempt: string): VarveError {
    return databaseDamaged(attempt, this.#path, undefined)
  }
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
