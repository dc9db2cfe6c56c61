import {
  chmodSync,
  fchmodSync,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  type BigIntStats,
} from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { currentPlatform } from '@varve/platform'
import { systemErrorCode } from '@varve/platform/errors'
import { nameFromBytes, toFsPath } from '@varve/platform/file-name'
import { flush, flushFolder } from '@varve/platform'
import type { DeviceState, EntryState, FifoState } from '../../directory-index/entry.ts'

/** Told of each step before it is taken; what it throws takes the step's place. */
export type StepListener = (step: string, path: string) => void

const FOLDER_FLAGS = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0)
const FILE_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
const PRIVATE_FOLDER = 0o700
const PRIVATE_FILE = 0o600

/**
 * Everything that applying an archive does to the file system, one call a step, so that each of them can be made to fail. Paths are absolute; all but
 * {@link write} throw the system's error. No symbolic link is followed in the last part of a path.
 */
export class FileSteps {
  readonly #listener: StepListener
  readonly #platform = currentPlatform()

  constructor(listener: StepListener = () => {}) {
    this.#listener = listener
  }

  /** What is at a path; undefined for nothing. */
  stat(path: string): BigIntStats | undefined {
    return lstatSync(toFsPath(path), { bigint: true, throwIfNoEntry: false })
  }

  /** Names in a folder. */
  names(path: string): readonly string[] {
    return readdirSync(toFsPath(path), { encoding: 'buffer' }).map((name) => nameFromBytes(name))
  }

  makeFolder(path: string): void {
    this.#listener('make folder', path)
    mkdirSync(toFsPath(path), { mode: PRIVATE_FOLDER })
  }

  removeFolder(path: string): void {
    this.#listener('remove folder', path)
    rmdirSync(toFsPath(path))
  }

  remove(path: string): void {
    this.#listener('remove', path)
    unlinkSync(toFsPath(path))
  }

  rename(from: string, to: string): void {
    this.#listener('rename', from)
    renameSync(toFsPath(from), toFsPath(to))
  }

  makeLink(path: string, target: string): void {
    this.#listener('make link', path)
    symlinkSync(toFsPath(target), toFsPath(path))
  }

  makeSpecial(path: string, state: FifoState | DeviceState): void {
    this.#listener('make special', path)
    this.#platform.makeSpecial(path, state.type, state.type === 'fifo' ? 0n : state.device)
  }

  setOwner(path: string, { uid, gid }: BigIntStats): void {
    this.#listener('set owner', path)
    this.#platform.setOwner(path, Number(uid), Number(gid))
  }

  /** Sets permissions and time of modification; of a symbolic link its time. */
  setMetadata(path: string, type: EntryState['type'], mode: number, mtime: bigint): void {
    if (type !== 'symlink') this.setMode(path, type, mode)
    this.#listener('set times', path)
    this.#platform.setTimes(path, mtime, mtime)
  }

  /** Sets permissions. */
  setMode(path: string, type: EntryState['type'], mode: number): void {
    this.#listener('set mode', path)
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
    this.#listener('make file', path)
    const file = await open(toFsPath(path), 'wx', PRIVATE_FILE)
    try {
      for await (const piece of pieces) {
        this.#listener('write', path)
        for (let done = 0; done < piece.length;) done += (await file.write(piece, done)).bytesWritten
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
      this.#listener('flush', path)
      await flush(file)
    } finally {
      await file.close()
    }
  }

  /** Makes durable a file's metadata, where this process may open it. */
  async flushFile(path: string): Promise<void> {
    this.#listener('flush', path)
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
    this.#listener('flush folder', path)
    await flushFolder(path)
  }
}
