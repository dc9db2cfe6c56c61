import type { DirectSource } from './direct-reading.ts'

/** The kinds of object that a repository consists of (restic's). */
export type FileType = 'config' | 'key' | 'lock' | 'snapshot' | 'index' | 'pack'

/** All kinds that are listed by name. A repository has one `config`, whose name is the empty string. */
export const LISTED_FILE_TYPES = ['key', 'lock', 'snapshot', 'index', 'pack'] as const satisfies readonly FileType[]

/** What storage knows of an object without reading it. */
export interface StoredFile {
  /** 64 hexadecimal digits; the empty string for the config. */
  readonly name: string
  /** Bytes. */
  readonly size: number
}

/** A piece of an object, in bytes. */
export interface ByteRange {
  readonly offset: number
  readonly length: number
}

/**
 * Where the objects of a repository lie. It knows nothing of what is in them: neither encryption nor the format.
 *
 * `save` is atomic and durable: when its promise resolves, the name holds all the bytes and survives a crash; when it rejects,
 * or the process dies, the name does not exist or holds all of them. Saving a name that exists replaces it with the same
 * guarantee (names are hashes of contents, so it is the same bytes). Calls may run concurrently.
 *
 * Failures are `VarveError`s: `ERR_VARVE_NOT_FOUND` where the object does not exist (load, remove), `ERR_VARVE_DAMAGED` where it is
 * shorter than the range asked for, and `ERR_VARVE_STORAGE` for all else, with the system's error as `cause`.
 */
export interface Storage {
  /** The location for messages; never holds a secret. */
  readonly location: string
  /** Absolute paths of local files or folders that hold the objects: a snapshot leaves these out. */
  readonly localPaths: readonly string[]
  /** Where threads can read the objects by themselves, see `DirectReader`. Left out where only this storage can. */
  readonly direct?: DirectSource
  /** Whether whoever lists sees at once all that any process has saved: a lock need not settle then. Left out where that may take a moment, or cannot be told. */
  readonly listsAtOnce?: boolean

  /** Whether `save` tells that it has taken the bytes as soon as the system has a copy, in a few milliseconds, and well before they are durable. */
  readonly takesEarly?: boolean

  /** All objects of a kind, in no particular order. Names that are not 64 hexadecimal digits (left-over temporary files) are passed over. */
  list(type: FileType): Promise<readonly StoredFile[]>

  /**
   * The bytes of an object, or of a range of it: exactly `range.length` of them.
   * The result is the caller's to keep, change or transfer: it owns its whole ArrayBuffer.
   */
  load(type: FileType, name: string, range?: ByteRange): Promise<Uint8Array<ArrayBuffer>>

  /**
   * Stores an object. `bytes` must not change until the promise settles, or until `onTaken` is called.
   *
   * @param onTaken - called by storages that take early, once, when they have taken the bytes: they do not look at them again, whatever becomes of
   *   the rest
   */
  save(type: FileType, name: string, bytes: Uint8Array, onTaken?: () => void): Promise<void>

  /** Removes an object. */
  remove(type: FileType, name: string): Promise<void>

  /** Size of an object, or undefined where there is none. */
  stat(type: FileType, name: string): Promise<StoredFile | undefined>

  /** Gives space that removed objects held back to the file system, where this storage does not do so by itself. */
  reclaim?(): Promise<void>

  /** Ends the use of this storage. Idempotent; every other call after it fails. */
  close(): Promise<void>
}
