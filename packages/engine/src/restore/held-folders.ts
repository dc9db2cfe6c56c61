import { closeSync, constants, existsSync, openSync, readlinkSync } from 'node:fs'
import { nameFromBytes, nameToBytes, toFsPath } from '@varve/platform/file-name'

/** Descriptors of this process as folders: a path that goes on behind one starts there, as with openat(2). Linux has them. */
const DESCRIPTORS = '/proc/self/fd'
const HAS_DESCRIPTORS = process.platform === 'linux' && existsSync(DESCRIPTORS)

/** Opens what a name stands for without reading it, so that no permission to read is needed (open(2)). Node has no name for it. */
const O_PATH = 0o10000000
const FOLDER = constants.O_DIRECTORY | (constants.O_NOFOLLOW ?? 0) | O_PATH

/** Bytes of a path, without the one that ends it. */
const LONGEST_PATH = 4095

/** Folders that are held at a time. */
const HELD = 64

/**
 * Names files by a descriptor of their folder, so that what a path means cannot change between looking at it and using it: whoever can write
 * into a restore target could otherwise put a symbolic link in place of a folder just then, and have a file made anywhere.
 *
 * A folder is opened once, and the path that the system knows for it has to be the one it was opened by: then no part of it was a link.
 * Where the system has no such names, paths stay as they are.
 */
export class HeldFolders {
  readonly #held = new Map<string, number>()

  /**
   * What to open or make in place of a file's path. Valid until the folder has been given up for others: use it at once.
   *
   * @param path - absolute, without symbolic links but for its last part
   * Throws the system's error, or an Error where something else is in the folder's place.
   */
  pathOf(path: string): string | Buffer {
    if (!HAS_DESCRIPTORS || isTooLong(path)) return toFsPath(path)
    const end = path.lastIndexOf('/')
    const folder = end === 0 ? '/' : path.slice(0, end)
    return toFsPath(`${DESCRIPTORS}/${this.#descriptor(folder)}${path.slice(end)}`)
  }

  /** Gives all folders up. */
  close(): void {
    for (const descriptor of this.#held.values()) closeSync(descriptor)
    this.#held.clear()
  }

  #descriptor(folder: string): number {
    const held = this.#held.get(folder)
    if (held !== undefined) return held
    const descriptor = openFolder(folder)
    this.#held.set(folder, descriptor)
    if (this.#held.size > HELD) {
      for (const [oldest, its] of this.#held) {
        this.#held.delete(oldest)
        closeSync(its)
        break
      }
    }
    return descriptor
  }
}

/** Calls `use` with what to use in place of a file's path, see {@link HeldFolders}. */
export function withHeldFolder<T>(path: string, use: (path: string | Buffer) => T): T {
  const folders = new HeldFolders()
  try {
    return use(folders.pathOf(path))
  } finally {
    folders.close()
  }
}

/** The system takes no such path. By a descriptor it would make the file all the same, and nobody could get at it. */
function isTooLong(path: string): boolean {
  return path.length * 3 > LONGEST_PATH && nameToBytes(path).length > LONGEST_PATH
}

function openFolder(folder: string): number {
  const descriptor = openSync(toFsPath(folder), FOLDER)
  const actual = nameFromBytes(readlinkSync(`${DESCRIPTORS}/${descriptor}`, { encoding: 'buffer' }))
  if (actual === folder) return descriptor
  closeSync(descriptor)
  throw new Error(`something else is in place of '${folder}'`)
}
