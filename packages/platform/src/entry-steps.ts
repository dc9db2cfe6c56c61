import {
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  type BigIntStats,
} from 'node:fs'
import { currentPlatform } from './current-platform.ts'
import { systemErrorCode } from './errors.ts'
import { nameFromBytes, toFsPath } from './file-name.ts'

/** Told of each step before it is taken; what it throws takes the step's place. */
export type StepListener = (step: string, path: string) => void

const PRIVATE_FOLDER = 0o700

/**
 * Changes of a file system, one call a step, so that each of them can be made to fail: for whoever has to be right wherever it is stopped, and adds the steps that
 * it needs besides. Paths are absolute. All throw the system's error. No symbolic link is followed in the last part of a path.
 */
export class EntrySteps {
  /** Is told of a step. */
  protected readonly tell: StepListener
  readonly #platform = currentPlatform()

  constructor(listener: StepListener = () => {}) {
    this.tell = listener
  }

  /** What is at a path; undefined for nothing, also where a file lies in the place of a folder on the way. */
  stat(path: string): BigIntStats | undefined {
    try {
      return lstatSync(toFsPath(path), { bigint: true, throwIfNoEntry: false })
    } catch (error) {
      if (systemErrorCode(error) === 'ENOTDIR') return undefined
      throw error
    }
  }

  /** Names in a folder. */
  names(path: string): readonly string[] {
    return readdirSync(toFsPath(path), { encoding: 'buffer' }).map((name) => nameFromBytes(name))
  }

  /** Makes a folder for its owner alone. */
  makeFolder(path: string): void {
    this.tell('make folder', path)
    mkdirSync(toFsPath(path), { mode: PRIVATE_FOLDER })
  }

  /** Removes an empty folder. */
  removeFolder(path: string): void {
    this.tell('remove folder', path)
    rmdirSync(toFsPath(path))
  }

  /** Removes anything that is no folder. */
  remove(path: string): void {
    this.tell('remove', path)
    unlinkSync(toFsPath(path))
  }

  /** Renames, and replaces what is at the new place. */
  rename(from: string, to: string): void {
    this.tell('rename', to)
    renameSync(toFsPath(from), toFsPath(to))
  }

  /** Makes a symbolic link. */
  makeLink(path: string, target: string): void {
    this.tell('make link', path)
    symlinkSync(toFsPath(target), toFsPath(path))
  }

  /** Sets owner and group of an entry itself. */
  setOwner(path: string, uid: number, gid: number): void {
    this.tell('set owner', path)
    this.#platform.setOwner(path, uid, gid)
  }

  /** Sets the time of modification of an entry itself, in nanoseconds since 1970. */
  setTime(path: string, mtime: bigint): void {
    this.tell('set times', path)
    this.#platform.setTimes(path, mtime, mtime)
  }
}
