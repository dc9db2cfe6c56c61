import { keptStates } from '../increment/metadata-format.ts'
import type { History } from './history.ts'
import { PlainFolders } from './plain-folders.ts'

/** Where a content may lie. */
export interface ContentPlace {
  /** Absolute. */
  readonly path: string
  /** For people: the increment's name, or `mirror`. */
  readonly where: string
}

/** Finds where contents lie, in any increment or the mirror, by their hashes. Nothing is read: what is found still has to be verified. */
export class ContentPlaces {
  readonly #places = new Map<string, ContentPlace[]>()
  readonly #folders = new PlainFolders()

  /** @param wanted - hashes of the contents that will be asked for */
  constructor(history: History, wanted: ReadonlySet<string>) {
    const { destination, increments, mirror } = history
    const consider = (where: string, path: string, hash: string, size: number): void => {
      if (wanted.has(hash)) this.#consider({ root: `${destination}/${where}`, path, where }, hash, size)
    }
    for (const { name, entries } of increments) {
      for (const entry of entries) {
        for (const { category, state } of keptStates(entry)) {
          if (state.type === 'file') consider(name, `${category}/${entry.path}`, state.hash, state.size)
        }
      }
    }
    for (const { path, state } of mirror?.entries ?? []) {
      if (state.type === 'file') consider('mirror', path, state.hash, state.size)
    }
  }

  /** Places of a content that have a file of its size, the most promising first. */
  of(hash: string): readonly ContentPlace[] {
    return this.#places.get(hash) ?? []
  }

  #consider(
    place: { readonly root: string; readonly path: string; readonly where: string },
    hash: string,
    size: number,
  ): void {
    const stats = this.#folders.look(place.root, place.path)
    if (stats?.isFile() !== true || stats.size !== BigInt(size)) return
    const found = { path: `${place.root}/${place.path}`, where: place.where }
    const places = this.#places.get(hash)
    if (places === undefined) this.#places.set(hash, [found])
    else places.push(found)
  }
}
