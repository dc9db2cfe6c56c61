/** An object in a storage. */
export interface StoredObject {
  readonly name: string
  /** Bytes. */
  readonly size: number
}

/**
 * Where backups of chains lie: objects with names, whatever keeps them. Names are those of files, without separators.
 *
 * What is not there throws ERR_VARVE_NOT_FOUND; what fails, ERR_VARVE_STORAGE.
 */
export interface ChainStorage {
  /** What it is, for people: a path, an address. */
  readonly location: string
  /** Keeps an object, in place of one of the same name: all of it durably, or not at all. Where `content` throws, nothing is kept. */
  put(name: string, content: AsyncIterable<Uint8Array>): Promise<void>
  /** The bytes of an object. */
  get(name: string): AsyncIterable<Uint8Array>
  /** All objects that were kept whole, in any order. */
  list(): Promise<readonly StoredObject[]>
  /** Removes an object. One that is not there is no failure: it may have been removed already before a crash. */
  remove(name: string): Promise<void>
}
