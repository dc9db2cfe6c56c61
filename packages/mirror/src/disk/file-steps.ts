import {
  chmodSync,
  closeSync,
  copyFileSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  openSync,
} from 'node:fs'
import { EntrySteps, flushFileSystem, writeAllSync } from '@varve/platform'
import { systemErrorCode } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'

const FOLDER_FLAGS = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0)
const PRIVATE_FOLDER = 0o700
const PRIVATE_FILE = 0o600

/** What file systems answer that cannot flush a folder. */
const CANNOT_FLUSH: ReadonlySet<string | undefined> = new Set(['EINVAL', 'ENOTSUP', 'ENOTTY', 'EISDIR', 'EPERM'])

/**
 * Everything that a run changes in the file system, one call a step, so that each of them can be made to fail. Paths are absolute. All throw the system's error. No
 * symbolic link is followed in the last part of a path.
 */
export class FileSteps extends EntrySteps {
  /** Gives a file one more name. */
  link(from: string, to: string): void {
    this.tell('link', to)
    linkSync(toFsPath(from), toFsPath(to))
  }

  /** Makes a copy that shares the original's blocks, where the file system can. */
  clone(from: string, to: string): void {
    this.tell('clone', to)
    copyFileSync(toFsPath(from), toFsPath(to), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE)
  }

  /** Makes a file that is not there yet, for its owner alone, and opens it. */
  create(path: string): number {
    this.tell('make file', path)
    return openSync(toFsPath(path), constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, PRIVATE_FILE)
  }

  /** Writes all of some bytes, at a place or behind what was written last. */
  write(fd: number, bytes: Uint8Array, path: string, position: number | null = null): void {
    this.tell('write', path)
    writeAllSync(fd, bytes, position)
  }

  /** Makes a file so long, with a hole at its end. */
  extend(fd: number, size: number, path: string): void {
    this.tell('write', path)
    ftruncateSync(fd, size)
  }

  /** Makes an open file's content durable. */
  flush(fd: number, path: string): void {
    this.tell('flush', path)
    fsyncSync(fd)
  }

  setModeOfOpen(fd: number, mode: number, path: string): void {
    this.tell('set mode', path)
    fchmodSync(fd, mode)
  }

  setOwnerOfOpen(fd: number, uid: number, gid: number, path: string): void {
    this.tell('set owner', path)
    fchownSync(fd, uid, gid)
  }

  /** Sets permissions of a folder. */
  setFolderMode(path: string, mode: number): void {
    this.tell('set mode', path)
    let fd
    try {
      fd = openSync(toFsPath(path), FOLDER_FLAGS)
    } catch (error) {
      // Its permissions keep even its owner from opening it; or the system opens no folders.
      if (!['EACCES', 'EISDIR', 'EPERM'].includes(systemErrorCode(error) ?? '')) throw error
      return chmodSync(toFsPath(path), mode)
    }
    try {
      fchmodSync(fd, mode)
    } finally {
      closeSync(fd)
    }
  }

  /** Makes durable which names a folder has, where its file system can. */
  flushFolder(path: string): void {
    this.tell('flush folder', path)
    let fd
    try {
      fd = openSync(toFsPath(path), 'r')
      fsyncSync(fd)
    } catch (error) {
      if (!CANNOT_FLUSH.has(systemErrorCode(error))) throw error
    } finally {
      if (fd !== undefined) closeSync(fd)
    }
  }

  /** Makes durable everything that was written to the file system on which a folder lies. */
  flushFileSystem(path: string): void {
    this.tell('flush file system', path)
    flushFileSystem(path)
  }

  /** Makes a file that is not there yet, without waiting until it is durable. */
  writeFile(path: string, bytes: Uint8Array): void {
    const fd = this.create(path)
    try {
      this.write(fd, bytes, path)
    } finally {
      closeSync(fd)
    }
  }

  /** Makes a file, or replaces it, durably, with all its bytes or not at all. What is beside it as `PATH-tmp` goes. */
  writeDurably(path: string, bytes: Uint8Array): void {
    const temporary = `${path}-tmp`
    if (this.stat(temporary) !== undefined) this.remove(temporary)
    const fd = this.create(temporary)
    try {
      this.write(fd, bytes, temporary)
      this.flush(fd, temporary)
    } finally {
      closeSync(fd)
    }
    this.rename(temporary, path)
    this.flushFolder(path.slice(0, path.lastIndexOf('/')))
  }

  /** Removes whatever is at a path, with all that is in it; no symbolic link is followed. */
  removeAll(path: string): void {
    const stats = this.stat(path)
    if (stats === undefined) return
    if (!stats.isDirectory()) return this.remove(path)
    if ((stats.mode & 0o700n) !== 0o700n && process.getuid?.() !== 0) this.setFolderMode(path, PRIVATE_FOLDER)
    for (const name of this.names(path)) this.removeAll(`${path}/${name}`)
    this.removeFolder(path)
  }

  /** Makes a folder where nothing is. @throws the system's error, also where something else is there */
  ensureFolder(path: string): void {
    if (this.stat(path)?.isDirectory() !== true) this.makeFolder(path)
  }
}
