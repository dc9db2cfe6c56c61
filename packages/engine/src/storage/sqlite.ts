import { realpath } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { makeFolder } from '@varve/platform'
import { assertObjectName } from './object-name.ts'
import type { SqliteAnswers, SqliteRequest } from './sqlite-requests.ts'
import { SqliteThread, type PreparedRequest } from './sqlite-thread.ts'
import { creationFailure, storageClosed } from './storage-failure.ts'
import type { ByteRange, FileType, Storage, StoredFile } from './storage.ts'

/** What SQLite may put beside a database. */
const COMPANIONS = ['', '-journal', '-wal', '-shm']

/**
 * All objects in one SQLite database, which a thread of its own works on, so that callers never block.
 *
 * Every call is one transaction: durable when it resolves, undone by SQLite when the process died before. Any number of processes can
 * use one file; those that write take turns. Objects are kept in pieces, so that a range is read without the rest. Where the
 * file or its folder is read-only, reading works.
 *
 * No code of this process may open the database's file by other means than SQLite while it is in use: closing it would drop
 * SQLite's locks.
 */
export class SqliteStorage implements Storage {
  readonly location: string
  readonly localPaths: readonly string[]
  /** Transactions follow each other, whichever processes they are of. */
  readonly listsAtOnce = true
  readonly #thread: SqliteThread
  #closing: Promise<void> | undefined

  private constructor(location: string, paths: readonly string[], thread: SqliteThread) {
    this.location = location
    this.localPaths = [...new Set(paths)].flatMap((path) => COMPANIONS.map((ending) => path + ending))
    this.#thread = thread
  }

  /**
   * Makes a database, readable only for its owner, and folders above it that are missing. A file that is empty, or a
   * database of ours without a config, is used.
   *
   * @throws ERR_VARVE_REPOSITORY_EXISTS, ERR_VARVE_BAD_ARGUMENT where another file is in the way, ERR_VARVE_REPOSITORY_VERSION,
   *   ERR_VARVE_DAMAGED, ERR_VARVE_STORAGE
   */
  static async create(path: string): Promise<SqliteStorage> {
    const absolute = resolve(path)
    try {
      await makeFolder(dirname(absolute), 0o700)
    } catch (error) {
      throw creationFailure(path, error)
    }
    return await SqliteStorage.#start(path, 'create')
  }

  /**
   * Opens an existing repository.
   *
   * @throws ERR_VARVE_NO_REPOSITORY where there is no file, no database of ours or no config in it, ERR_VARVE_REPOSITORY_VERSION,
   *   ERR_VARVE_DAMAGED, ERR_VARVE_STORAGE
   */
  static async open(path: string): Promise<SqliteStorage> {
    return await SqliteStorage.#start(path, 'open')
  }

  static async #start(location: string, kind: 'open' | 'create'): Promise<SqliteStorage> {
    const path = resolve(location)
    const thread = new SqliteThread()
    try {
      await thread.call(() => ({ request: { kind, path } }))
      return new SqliteStorage(location, [path, await realpath(path)], thread)
    } catch (error) {
      await thread.end()
      throw error
    }
  }

  async list(type: FileType): Promise<readonly StoredFile[]> {
    return await this.#call(() => ({ request: { kind: 'list', type } }))
  }

  async load(type: FileType, name: string, range?: ByteRange): Promise<Uint8Array<ArrayBuffer>> {
    assertObjectName(type, name)
    return await this.#call(() => ({ request: { kind: 'load', type, name, range } }))
  }

  async save(type: FileType, name: string, bytes: Uint8Array): Promise<void> {
    assertObjectName(type, name)
    await this.#call(() => {
      if (bytes.buffer instanceof SharedArrayBuffer) return { request: { kind: 'save', type, name, bytes } }
      // The caller keeps its buffer; posting a view would copy all of the buffer that it is on.
      const copy = new Uint8Array(bytes)
      return { request: { kind: 'save', type, name, bytes: copy }, transfer: [copy.buffer] }
    })
  }

  async remove(type: FileType, name: string): Promise<void> {
    assertObjectName(type, name)
    await this.#call(() => ({ request: { kind: 'remove', type, name } }))
  }

  async stat(type: FileType, name: string): Promise<StoredFile | undefined> {
    assertObjectName(type, name)
    return await this.#call(() => ({ request: { kind: 'stat', type, name } }))
  }

  /**
   * Shrinks the file by what removed objects left free, without a second copy of it. Done in small transactions: other calls
   * and processes get their turn in between, and nothing is lost when it is interrupted.
   */
  async reclaim(): Promise<void> {
    while (await this.#call(() => ({ request: { kind: 'reclaim' } })));
  }

  async close(): Promise<void> {
    this.#closing ??= this.#end()
    await this.#closing
  }

  /** Behind the calls that were made before. */
  async #end(): Promise<void> {
    try {
      await this.#thread.call(() => ({ request: { kind: 'close' } }))
    } finally {
      await this.#thread.end()
    }
  }

  async #call<Request extends SqliteRequest>(
    prepare: () => PreparedRequest<Request>,
  ): Promise<SqliteAnswers[Request['kind']]> {
    if (this.#closing !== undefined) throw storageClosed(this.location)
    return await this.#thread.call(prepare)
  }
}
