import { createReadStream } from 'node:fs'
import { mkdir, stat, unlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describeError, systemErrorCode, VarveError } from '@varve/platform/errors'
import { isEntryName, toFsPath } from '@varve/platform/file-name'
import { flushFolder, writeAll, writeDurably } from '@varve/platform'
import { namesIn } from '../tar-volume/volume-name.ts'
import type { ChainStorage, StoredObject } from './chain-storage.ts'

/** What `writeDurably` calls a file that it is still writing. */
const UNFINISHED = /-tmp-[0-9a-f]{16}$/

/** A local folder that keeps backups, each object a file of its own. The folder is made when something is put there. */
export class FolderStorage implements ChainStorage {
  readonly location: string
  readonly #folder: string

  constructor(folder: string) {
    this.location = folder
    this.#folder = resolve(folder)
  }

  async put(name: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    const path = this.#path(name)
    await this.#attempt(`make '${this.location}'`, () => mkdir(toFsPath(this.#folder), { recursive: true }))
    await writeDurably(path, async (file) => {
      for await (const bytes of content) {
        await writeAll(file, bytes)
      }
    })
  }

  async *get(name: string): AsyncGenerator<Uint8Array, void> {
    const stream = createReadStream(toFsPath(this.#path(name)), { highWaterMark: 256 << 10 })
    try {
      for await (const bytes of stream) yield bytes as Buffer
    } catch (error) {
      throw this.#failure(`read '${name}'`, name, error)
    } finally {
      stream.destroy()
    }
  }

  async list(): Promise<readonly StoredObject[]> {
    const objects: StoredObject[] = []
    for (const name of await this.#names()) {
      if (UNFINISHED.test(name)) continue
      try {
        const stats = await stat(toFsPath(join(this.#folder, name)))
        if (stats.isFile()) objects.push({ name, size: stats.size })
      } catch (error) {
        if (systemErrorCode(error) !== 'ENOENT') throw this.#failure(`look at '${name}'`, name, error)
      }
    }
    return objects
  }

  async remove(name: string): Promise<void> {
    try {
      await unlink(toFsPath(this.#path(name)))
      await flushFolder(this.#folder)
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') throw this.#failure(`remove '${name}'`, name, error)
    }
  }

  async #names(): Promise<readonly string[]> {
    try {
      return await namesIn(this.#folder)
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return []
      throw this.#failure('list it', '', error)
    }
  }

  async #attempt<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw this.#failure(what, '', error)
    }
  }

  #path(name: string): string {
    if (isEntryName(name)) return join(this.#folder, name)
    throw new VarveError('ERR_VARVE_BAD_ARGUMENT', `'${name}' cannot be the name of an object`)
  }

  #failure(what: string, name: string, error: unknown): unknown {
    const code = systemErrorCode(error)
    if (code === undefined) return error
    if (code === 'ENOENT' && name !== '') {
      return new VarveError('ERR_VARVE_NOT_FOUND', `'${this.location}' has no '${name}'`, { cause: error })
    }
    const message = `cannot ${what} in '${this.location}': ${describeError(error)}`
    return new VarveError('ERR_VARVE_STORAGE', message, { cause: error })
  }
}
