import { type BigIntStats, constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { describeError } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'

/** Bytes that are read at a time. */
const PIECE = 256 << 10

/** A file that is read into a tar, whose header has said already how many bytes it has. */
export class SourceFile {
  readonly #handle: FileHandle
  /** As they were when the file was opened. */
  readonly stats: BigIntStats
  #shortage: string | undefined

  private constructor(handle: FileHandle, stats: BigIntStats) {
    this.#handle = handle
    this.stats = stats
  }

  /**
   * Opens a file. A link or a FIFO that has come in its place since it was looked at is not followed or waited for.
   * @returns undefined where it is no file any more
   * @throws a system error
   */
  static async open(path: string): Promise<SourceFile | undefined> {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants
    const handle = await open(toFsPath(path), O_RDONLY | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0))
    try {
      const stats = await handle.stat({ bigint: true })
      if (stats.isFile()) return new SourceFile(handle, stats)
    } catch (error) {
      await handle.close()
      throw error
    }
    await handle.close()
    return undefined
  }

  /** As many bytes as the file had when it was opened: zeros stand in for what it has lost since, and what it has gained is left out. */
  async *content(): AsyncGenerator<Buffer, void> {
    for (let left = Number(this.stats.size); left > 0;) {
      const wanted = Math.min(PIECE, left)
      const buffer = Buffer.allocUnsafe(wanted)
      let bytesRead = 0
      if (this.#shortage === undefined) bytesRead = await this.#read(buffer)
      if (bytesRead === 0) {
        this.#shortage ??= 'it became shorter while it was read'
        bytesRead = wanted
        buffer.fill(0)
      }
      left -= bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  }

  /** What has happened to the file while it was read; undefined where nothing has. */
  async change(): Promise<string | undefined> {
    if (this.#shortage !== undefined) return `${this.#shortage}; zeros stand in for what is missing`
    const { size, mtimeNs } = await this.#handle.stat({ bigint: true })
    if (size === this.stats.size && mtimeNs === this.stats.mtimeNs) return undefined
    return 'it changed while it was read'
  }

  /** A file that cannot be read to its end is no reason to lose all others. */
  async #read(buffer: Buffer): Promise<number> {
    try {
      return (await this.#handle.read(buffer, 0, buffer.length)).bytesRead
    } catch (error) {
      this.#shortage = `it could not be read to its end: ${describeError(error)}`
      return 0
    }
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }
}
