import type { BigIntStats } from 'node:fs'
import { statIfThere } from './stat-if-there.ts'

/**
 * Keeps a walk on the file system of the source that it started from. Of another file system, only the folder that it is mounted on stays,
 * empty, so that it can be mounted there again after a restore.
 */
export class OneFileSystem {
  readonly #device: bigint
  /** Whether the folder at hand is itself on the file system. */
  readonly #isOn: boolean

  private constructor(device: bigint, isOn: boolean) {
    this.#device = device
    this.#isOn = isOn
  }

  /**
   * @param source - absolute path of the source that the folder is, or is in
   * @param folder - what `lstat` gave for the folder; undefined where it is gone
   * @returns undefined where both are gone
   */
  static startAt(source: string, folder: BigIntStats | undefined): OneFileSystem | undefined {
    const device = statIfThere(source)?.dev ?? folder?.dev
    return device === undefined ? undefined : new OneFileSystem(device, folder === undefined || folder.dev === device)
  }

  /** Whether an entry of the folder is to be left out. */
  excludes(entry: BigIntStats): boolean {
    return entry.dev !== this.#device && !(this.#isOn && entry.isDirectory())
  }

  /** What holds in a sub-folder. */
  enter(folder: BigIntStats): OneFileSystem {
    const isOn = folder.dev === this.#device
    return isOn === this.#isOn ? this : new OneFileSystem(this.#device, isOn)
  }
}
