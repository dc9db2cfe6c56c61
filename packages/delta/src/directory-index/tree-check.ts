import { damaged } from './byte-reader.ts'
import { comparePaths, isBelow, parentPath } from './entry-path.ts'

/** Sees that entries come in order, each path once, each after the folder that it lies in. What it remembers is the folders on the way to the last one. */
export class TreeCheck {
  readonly #what: string
  readonly #folders: string[] = []
  #last: string | undefined

  /** @param what - names the list of entries in messages */
  constructor(what: string) {
    this.#what = what
  }

  /**
   * Takes the next entry.
   * @throws ERR_VARVE_DAMAGED
   */
  add(path: string, isFolder: boolean): void {
    if (this.#last !== undefined && comparePaths(this.#last, path) >= 0) {
      throw damaged(this.#what, `'${path}' comes after '${this.#last}'`)
    }
    this.#last = path
    for (
      let folder = this.#folders.at(-1);
      folder !== undefined && !isBelow(path, folder);
      folder = this.#folders.at(-1)
    ) {
      this.#folders.pop()
    }
    if (parentPath(path) !== (this.#folders.at(-1) ?? '')) {
      throw damaged(this.#what, `'${path}' lies in something that is not a folder`)
    }
    if (isFolder) this.#folders.push(path)
  }
}
