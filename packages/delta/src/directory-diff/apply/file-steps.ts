import { chmodSync, fchmodSync, closeSync, constants, openSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { currentPlatform, EntrySteps, flush, flushFolder, writeAll } from '@varve/platform'
import { systemErrorCode } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import type { DeviceState, EntryState, FifoState } from '../../directory-index/entry.ts'

const FOLDER_FLAGS = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0)
const FILE_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
const PRIVATE_FILE = 0o600

/**
 * Everything that applying an archive does to the file system, one call a step, so that each of them can be made to fail. Paths are absolute; all but
 * {@link write} throw the system's error. No symbolic link is followed in the last part of a path.
 */
export class FileSteps extends EntrySteps {
  readonly #platform = currentPlatform()

  makeSpecial(path: string, state: FifoState | DeviceState): void {
    this.tell('make special', path)
    this.#platform.makeSpecial(path, state.type, state.type === 'fifo' ? 0n : state.device)
  }

  /** Sets permissions and time of modification; of a symbolic link its time. */
  setMetadata(path: string, type: EntryState['type'], mode: number, mtime: bigint): void {
    if (type !== 'symlink') this.setMode(path, type, mode)
    this.setTime(path, mtime)
  }

  /** Sets permissions. */
  setMode(path: string, type: EntryState['type'], mode: number): void {
    this.tell('set mode', path)
    if (type !== 'dir') return chmodSync(toFsPath(path), mode)
    const fd = openSync(toFsPath(path), FOLDER_FLAGS)
    try {
      fchmodSync(fd, mode)
    } finally {
      closeSync(fd)
    }
  }

  /**
   * Makes a file that is not there yet. It stays open: the caller flushes and closes it.
   * @throws the system's error; what `pieces` throws
   */
  async write(path: string, pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<FileHandle> {
    this.tell('make file', path)
    const file = await open(toFsPath(path), 'wx', PRIVATE_FILE)
    try {
      for await (const piece of pieces) {
        this.tell('write', path)
        await writeAll(file, piece)
      }
      return file
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** Makes durable what was written to a file, and closes it. */
  async flushAndClose(file: FileHandle, path: string): Promise<void> {
    try {
      this.tell('flush', path)
      await flush(file)
    } finally {
      await file.close()
    }
  }

  /** Makes durable a file's metadata, where this process may open it. */
  async flushFile(path: string): Promise<void> {
    this.tell('flush', path)
    let file
    try {
      file = await open(toFsPath(path), FILE_FLAGS)
    } catch (error) {
      if (systemErrorCode(error) === 'EACCES') return
      throw error
    }
    try {
      await flush(file)
    } finally {
      await file.close()
    }
  }

  /** Makes durable which names a folder has. */
  async flushFolder(path: string): Promise<void> {
    this.tell('flush folder', path)
    await flushFolder(path)
  }
}
