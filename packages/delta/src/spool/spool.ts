import { randomBytes } from 'node:crypto'
import { open, unlink, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeAll } from '@varve/platform'
import { describeError, VarveError } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import { StoredBytes } from './stored-bytes.ts'

/** Where a {@link Spool} keeps what it takes. */
export interface SpoolOptions {
  /** Folder of the temporary file; the system's if left out, which may be memory. */
  readonly folder?: string
  /** What the temporary file's name begins with. */
  readonly name?: string
  /** Bytes that are kept in memory before there is a file: 8 MiB if left out. */
  readonly inMemory?: number
}

/**
 * Takes bytes whose number nobody knows beforehand: a few are kept in memory, more in a temporary file without a name, which vanishes with the process.
 */
export class Spool {
  readonly #folder: string
  readonly #name: string
  readonly #inMemory: number
  #pieces: Buffer[] = []
  #size = 0
  #file: FileHandle | undefined

  constructor({ folder = tmpdir(), name = 'varve', inMemory = 8 * 1024 * 1024 }: SpoolOptions = {}) {
    this.#folder = folder
    this.#name = name
    this.#inMemory = inMemory
  }

  /** Bytes so far. */
  get size(): number {
    return this.#size
  }

  /**
   * Appends bytes, which must not be changed afterwards.
   * @throws ERR_VARVE_STORAGE
   */
  async append(bytes: Buffer): Promise<void> {
    this.#size += bytes.length
    this.#pieces.push(bytes)
    if (this.#file === undefined && this.#size <= this.#inMemory) return
    try {
      this.#file ??= await openNameless(join(this.#folder, `${this.#name}-tmp-${randomBytes(8).toString('hex')}`))
      for (const piece of this.#pieces.splice(0)) await writeAll(this.#file, piece)
    } catch (error) {
      const where = `a temporary file in '${this.#folder}'`
      throw new VarveError('ERR_VARVE_STORAGE', `cannot write ${where}: ${describeError(error)}`, { cause: error })
    }
  }

  /** All bytes so far, from the first on. They are to be read before there are others. */
  content(): AsyncGenerator<Buffer> {
    return this.#stored().pieces()
  }

  /** The bytes that were appended, and none are left here; whoever takes them closes them. */
  take(): StoredBytes {
    const stored = this.#stored()
    this.#forget()
    return stored
  }

  /** Gives up what was appended. */
  async clear(): Promise<void> {
    const file = this.#file
    this.#forget()
    await file?.close()
  }

  #stored(): StoredBytes {
    return new StoredBytes(this.#file ?? Buffer.concat(this.#pieces), this.#size)
  }

  #forget(): void {
    this.#pieces = []
    this.#size = 0
    this.#file = undefined
  }
}

async function openNameless(path: string): Promise<FileHandle> {
  const file = await open(toFsPath(path), 'wx+', 0o600)
  await unlink(toFsPath(path))
  return file
}
