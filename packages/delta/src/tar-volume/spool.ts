import { randomBytes } from 'node:crypto'
import { open, unlink, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { toFsPath } from '@varve/platform/file-name'
import { attempt } from './volume-file.ts'

/** Bytes that are kept in memory. */
const IN_MEMORY = 1 << 20

/**
 * Keeps a stream whose size is not known until it is: a tar says how long a member is before its content. What is small stays in memory, more goes to
 * a temporary file beside the volumes, where there is room for as much, and not in the system's folder for such, which may be memory.
 */
export class Spool {
  readonly #path: string
  #parts: Buffer[] = []
  #file: FileHandle | undefined
  #size = 0

  /**
   * @param folder - for the temporary file
   * @param key - begins its name
   */
  constructor(folder: string, key: string) {
    this.#path = join(folder, `${key}.spool-tmp-${randomBytes(8).toString('hex')}`)
  }

  /** Bytes so far. */
  get size(): number {
    return this.#size
  }

  /** Adds bytes, which are its own from then on. @throws ERR_VARVE_STORAGE */
  async append(bytes: Buffer): Promise<void> {
    this.#size += bytes.length
    if (this.#file === undefined && this.#size <= IN_MEMORY) {
      this.#parts.push(bytes)
      return
    }
    await attempt(this.#path, async () => {
      this.#file ??= await openNameless(this.#path)
      for (const part of [...this.#parts, bytes]) {
        for (let done = 0; done < part.length;) done += (await this.#file.write(part, done)).bytesWritten
      }
      this.#parts = []
    })
  }

  /** All bytes, from the first on. */
  async *content(): AsyncGenerator<Buffer, void> {
    yield* this.#parts
    if (this.#file === undefined) return
    for (let at = 0; at < this.#size;) {
      const buffer = Buffer.allocUnsafe(Math.min(256 << 10, this.#size - at))
      const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, at)
      if (bytesRead === 0) throw new Error(`the temporary file '${this.#path}' was truncated`)
      at += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  }

  /** Forgets all bytes. */
  async clear(): Promise<void> {
    this.#parts = []
    this.#size = 0
    const file = this.#file
    this.#file = undefined
    if (file === undefined) return
    await file.close()
  }
}

/** A file that vanishes when it is closed, or when the process dies. */
async function openNameless(path: string): Promise<FileHandle> {
  const file = await open(toFsPath(path), 'wx+', 0o600)
  await unlink(toFsPath(path))
  return file
}
