import { randomBytes } from 'node:crypto'
import { open, unlink, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeError, VarveError } from '@varve/platform/errors'
import { writeDurably } from '@varve/platform'

/** Bytes that are kept in memory before a {@link Spool} turns to a file. */
const KEPT_IN_MEMORY = 8 * 1024 * 1024

/** Bytes that are read at once. */
const PIECE = 256 * 1024

/** Bytes that can be read as often as one likes, in memory or in a file that is open. */
export class StoredBytes {
  readonly size: number
  readonly #source: Buffer | FileHandle

  constructor(source: Buffer | FileHandle, size: number) {
    this.#source = source
    this.size = size
  }

  /**
   * All bytes from the first to the last, in pieces that nobody changes afterwards.
   * @throws the system's error; a plain Error where the file has become shorter
   */
  async *pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < this.size;) {
      const piece = await this.read(at, Math.min(PIECE, this.size - at))
      yield piece
      at += piece.length
    }
  }

  /**
   * The bytes at a place.
   * @throws the system's error; a plain Error where the file has become shorter
   */
  async read(position: number, length: number): Promise<Buffer> {
    if (Buffer.isBuffer(this.#source)) return this.#source.subarray(position, position + length)
    const bytes = Buffer.allocUnsafeSlow(length)
    for (let done = 0; done < length;) {
      const { bytesRead } = await this.#source.read(bytes, done, length - done, position + done)
      if (bytesRead === 0) throw new Error(`a file became shorter than ${position + length} bytes while it was in use`)
      done += bytesRead
    }
    return bytes
  }

  /**
   * Copies all bytes to a file, which is replaced if it exists: beside it, flushed, renamed.
   * @throws ERR_VARVE_STORAGE
   */
  async toFile(path: string): Promise<void> {
    await writeDurably(path, async (file) => {
      for await (const piece of this.pieces()) await append(file, piece)
    })
  }

  /** Closes the file. */
  async close(): Promise<void> {
    if (!Buffer.isBuffer(this.#source)) await this.#source.close()
  }
}

/** Takes bytes whose number nobody knows beforehand: a few are kept in memory, more in a temporary file without a name, which vanishes with the process. */
export class Spool {
  #pieces: Buffer[] = []
  #size = 0
  #file: FileHandle | undefined
  readonly #folder: string

  /** @param folder - where the temporary file lies */
  constructor(folder: string = tmpdir()) {
    this.#folder = folder
  }

  /**
   * Appends bytes, which must not be changed afterwards.
   * @throws ERR_VARVE_STORAGE
   */
  async write(bytes: Buffer): Promise<void> {
    try {
      await this.#write(bytes)
    } catch (error) {
      const where = `a temporary file in '${this.#folder}'`
      throw new VarveError('ERR_VARVE_STORAGE', `cannot write ${where}: ${describeError(error)}`, { cause: error })
    }
  }

  async #write(bytes: Buffer): Promise<void> {
    this.#size += bytes.length
    if (this.#file === undefined) {
      this.#pieces.push(bytes)
      if (this.#size <= KEPT_IN_MEMORY) return
      this.#file = await openNameless(this.#folder)
      const kept = Buffer.concat(this.#pieces)
      this.#pieces = []
      return await append(this.#file, kept)
    }
    await append(this.#file, bytes)
  }

  /** The bytes that were written; whoever takes them closes them. */
  finish(): StoredBytes {
    return new StoredBytes(this.#file ?? Buffer.concat(this.#pieces), this.#size)
  }

  /** Gives up what was written. */
  async discard(): Promise<void> {
    this.#pieces = []
    await this.#file?.close()
  }
}

async function openNameless(folder: string): Promise<FileHandle> {
  const path = join(folder, `varve-${randomBytes(12).toString('hex')}`)
  const file = await open(path, 'wx+', 0o600)
  await unlink(path)
  return file
}

async function append(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await file.write(bytes, done, bytes.length - done)).bytesWritten
  }
}
