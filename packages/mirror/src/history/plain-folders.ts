import type { BigIntStats } from 'node:fs'
import { lookAt } from '../increment/look-at.ts'

export { lookAt }

/**
 * Looks at entries below a folder without ever going through a symbolic link, so that what is read, or written, lies in the folder indeed. Folders are
 * looked at once: one object is for one pass.
 */
export class PlainFolders {
  readonly #known = new Map<string, boolean>()

  /**
   * What is at a path below a folder; undefined where nothing is, or where the way to it is not all folders.
   *
   * @param root - absolute; not looked at itself where it is the folder of a destination, otherwise it must be a folder and no link
   * @param path - relative to it
   * @throws a system error other than for what is not there
   */
  look(root: string, path: string): BigIntStats | undefined {
    return this.isReachable(root, path) ? lookAt(`${root}/${path}`) : undefined
  }

  /** Whether `root` and all names of `path` but the last are folders, and none of them a link. @throws as {@link look} */
  isReachable(root: string, path: string): boolean {
    const slash = path.lastIndexOf('/')
    if (slash < 0) return this.#isFolder(root)
    return this.isReachable(root, path.slice(0, slash)) && this.#isFolder(`${root}/${path.slice(0, slash)}`)
  }

  #isFolder(path: string): boolean {
    const known = this.#known.get(path)
    if (known !== undefined) return known
    const isFolder = lookAt(path)?.isDirectory() === true
    this.#known.set(path, isFolder)
    return isFolder
  }
}
