import type { FileHandle } from 'node:fs/promises'
import { writeDurably } from '@varve/platform'

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
      for await (const piece of this.pieces()) await file.appendFile(piece)
    })
  }

  /** Closes the file. */
  async close(): Promise<void> {
    if (!Buffer.isBuffer(this.#source)) await this.#source.close()
  }
}
