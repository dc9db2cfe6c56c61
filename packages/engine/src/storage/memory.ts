import { assertObjectName } from './object-name.ts'
import { objectNotFound, resolveRange, storageClosed } from './storage-failure.ts'
import type { ByteRange, FileType, Storage, StoredFile } from './storage.ts'

type Objects = Map<FileType, Map<string, Uint8Array<ArrayBuffer>>>

/** Keeps objects in memory, for tests and for programs that want to try something: gone with the process. */
export class MemoryStorage implements Storage {
  readonly location = 'memory'
  readonly localPaths: readonly string[] = []
  readonly #objects: Objects
  #closed = false

  /** Empty storage, or one more handle to the objects of another one. */
  constructor(sameAs?: MemoryStorage) {
    this.#objects = sameAs === undefined ? new Map() : sameAs.#objects
  }

  async list(type: FileType): Promise<readonly StoredFile[]> {
    return Array.from(this.#ofType(type), ([name, bytes]) => ({ name, size: bytes.length }))
  }

  async load(type: FileType, name: string, range?: ByteRange): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = this.#find(type, name)
    if (bytes === undefined) throw objectNotFound(type, name, this.location)
    const { offset, length } = resolveRange(type, name, bytes.length, range)
    return bytes.slice(offset, offset + length)
  }

  async save(type: FileType, name: string, bytes: Uint8Array): Promise<void> {
    assertObjectName(type, name)
    this.#ofType(type).set(name, new Uint8Array(bytes))
  }

  async remove(type: FileType, name: string): Promise<void> {
    if (this.#find(type, name) === undefined) throw objectNotFound(type, name, this.location)
    this.#ofType(type).delete(name)
  }

  async stat(type: FileType, name: string): Promise<StoredFile | undefined> {
    const bytes = this.#find(type, name)
    return bytes === undefined ? undefined : { name, size: bytes.length }
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  #find(type: FileType, name: string): Uint8Array<ArrayBuffer> | undefined {
    assertObjectName(type, name)
    return this.#ofType(type).get(name)
  }

  #ofType(type: FileType): Map<string, Uint8Array<ArrayBuffer>> {
    if (this.#closed) throw storageClosed(this.location)
    let objects = this.#objects.get(type)
    if (objects === undefined) this.#objects.set(type, (objects = new Map()))
    return objects
  }
}
