import { randomBytes } from 'node:crypto'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { toFsPath } from '@varve/platform/file-name'
import { flush, flushFolder, writeAll } from '@varve/platform'

/**
 * A file that is written beside the place it is meant for and gets its name only when all of it is durable. A crash leaves a file named
 * `NAME-tmp-…`, never a part of a file under the name itself.
 */
export class DurableFile {
  readonly path: string
  readonly #temporary: string
  readonly #handle: FileHandle
  #closed = false

  private constructor(path: string, temporary: string, handle: FileHandle) {
    this.path = path
    this.#temporary = temporary
    this.#handle = handle
  }

  /** Begins a file. @throws a system error */
  static async begin(path: string, mode = 0o666): Promise<DurableFile> {
    const temporary = `${path}-tmp-${randomBytes(8).toString('hex')}`
    return new DurableFile(path, temporary, await open(toFsPath(temporary), 'wx', mode))
  }

  /** Adds bytes at the end. @throws a system error */
  async write(bytes: Uint8Array): Promise<void> {
    await writeAll(this.#handle, bytes)
  }

  /** Flushes it and gives it its name, in place of what may have it; makes that durable. @throws a system error */
  async commit(): Promise<void> {
    await flush(this.#handle)
    await this.#close()
    await rename(toFsPath(this.#temporary), toFsPath(this.path))
    await flushFolder(dirname(this.path))
  }

  /** Removes what was written, unless it has its name. Never fails: there is a first failure to report. */
  async discard(): Promise<void> {
    await this.#close().catch(() => undefined)
    await rm(toFsPath(this.#temporary), { force: true }).catch(() => undefined)
  }

  async #close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#handle.close()
  }
}
