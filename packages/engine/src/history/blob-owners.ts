const NOBODY = -1
const SEVERAL = -2

/** Which snapshot holds each blob of an index, or that several do. */
export class BlobOwners {
  readonly #owners: Int32Array
  readonly #noticesOthers: boolean

  /**
   * @param entries - how many entries the index has
   * @param noticesOthers - whether it matters that a blob has more than one owner
   */
  constructor(entries: number, noticesOthers: boolean) {
    this.#owners = new Int32Array(entries).fill(NOBODY)
    this.#noticesOthers = noticesOthers
  }

  /**
   * Notes that `owner` holds a blob.
   * @returns `new` for the first owner; `shared` for the second, where that matters; `known` where nothing was learnt
   */
  claim(entry: number, owner: number): 'new' | 'shared' | 'known' {
    const known = this.#owners[entry]
    if (known === NOBODY) {
      this.#owners[entry] = owner
      return 'new'
    }
    if (!this.#noticesOthers || known === owner || known === SEVERAL) return 'known'
    this.#owners[entry] = SEVERAL
    return 'shared'
  }

  /** The one owner of a blob, the first time that it is asked for; undefined where there is none, or more than one. */
  takeOnlyOwner(entry: number): number | undefined {
    const owner = this.#owners[entry] ?? NOBODY
    if (owner < 0) return undefined
    this.#owners[entry] = SEVERAL
    return owner
  }
}
