import { closeSync, constants, existsSync, fstatSync, openSync, readlinkSync } from 'node:fs'
import { nameFromBytes, nameToBytes, toFsPath } from '@varve/platform/file-name'
import type { PlannedEntries } from './planned-entries.ts'

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

/** What the system gives a file that is made in a folder. */
export interface Gift {
  readonly uid: number
  readonly gid: number
  /** Whether it has the mode that it was made with. */
  readonly keepsMode: boolean
}

/** A folder that is held. */
interface HeldFolder {
  readonly descriptor: number
  /** Bytes of its path, with the separator before a name. */
  readonly length: number
  /** Undefined until a file has been made in it. */
  gift: Gift | undefined
}

/**
 * Names a plan's entries by a descriptor of their folder, so that what a path means cannot change between looking at it and using it: whoever can write
 * into a restore target could otherwise put a symbolic link in place of a folder just then, and have a file made anywhere. It is shorter for the
 * system as well: it need not go through all folders above for each file.
 *
 * A folder is opened once, and the path that the system knows for it has to be the one it was opened by: then no part of it was a link.
 * Where the system has no such names, paths stay as they are.
 */
export class HeldFolders {
  readonly #entries: PlannedEntries
  readonly #held = new Map<number, HeldFolder>()

  constructor(entries: PlannedEntries) {
    this.#entries = entries
  }

  /**
   * What to use in place of an entry's path. Valid until the folder has been given up for others: use it at once.
   *
   * Throws the system's error, or an Error where something else is in the folder's place.
   */
  pathOf(entry: number): string {
    if (!HAS_DESCRIPTORS) return this.#entries.path(entry)
    const { descriptor, length } = this.#folder(this.#entries.parent(entry))
    const name = this.#entries.name(entry)
    return isTooLong(name, length) ? this.#entries.path(entry) : `${DESCRIPTORS}/${descriptor}/${name}`
  }

  /** What a file gets that is made in an entry's folder, if that is known. */
  giftOf(entry: number): Gift | undefined {
    return this.#held.get(this.#entries.parent(entry))?.gift
  }

  /**
   * Finds that out from a file that has just been made there. Throws the system's error.
   * @param mode - the permissions that it was made with
   * @returns undefined where folders are not held
   */
  learnGift(entry: number, fd: number, mode: number): Gift | undefined {
    const held = this.#held.get(this.#entries.parent(entry))
    if (held === undefined) return undefined
    const stats = fstatSync(fd)
    held.gift = { uid: stats.uid, gid: stats.gid, keepsMode: (stats.mode & 0o7777) === mode }
    return held.gift
  }

  /** Gives all folders up. */
  close(): void {
    for (const { descriptor } of this.#held.values()) closeSync(descriptor)
    this.#held.clear()
  }

  #folder(entry: number): HeldFolder {
    const held = this.#held.get(entry)
    if (held !== undefined) return held
    const path = this.#entries.path(entry)
    const length = nameToBytes(path).length + (path.endsWith('/') ? 0 : 1)
    const folder: HeldFolder = { descriptor: openFolder(path), length, gift: undefined }
    this.#held.set(entry, folder)
    if (this.#held.size > HELD) {
      for (const [oldest, { descriptor }] of this.#held) {
        this.#held.delete(oldest)
        closeSync(descriptor)
        break
      }
    }
    return folder
  }
}

/**
 * Calls `use` with what to use in place of a single file's path, see {@link HeldFolders}.
 *
 * @param path - absolute, without symbolic links but for its last part
 */
export function withHeldFolder<T>(path: string, use: (path: string | Buffer) => T): T {
  if (!HAS_DESCRIPTORS || isTooLong(path, 0)) return use(toFsPath(path))
  const end = path.lastIndexOf('/')
  const descriptor = openFolder(end === 0 ? '/' : path.slice(0, end))
  try {
    return use(toFsPath(`${DESCRIPTORS}/${descriptor}${path.slice(end)}`))
  } finally {
    closeSync(descriptor)
  }
}

/** The system takes no such path. By a descriptor it would make the file all the same, and nobody could get at it. */
function isTooLong(path: string, before: number): boolean {
  return before + path.length * 3 > LONGEST_PATH && before + nameToBytes(path).length > LONGEST_PATH
}

function openFolder(folder: string): number {
  const descriptor = openSync(toFsPath(folder), FOLDER)
  const actual = nameFromBytes(readlinkSync(`${DESCRIPTORS}/${descriptor}`, { encoding: 'buffer' }))
  if (actual === folder) return descriptor
  closeSync(descriptor)
  throw new Error(`something else is in place of '${folder}'`)
}
