import type { Id } from '../repository/id.ts'
import type { Node } from '../repository/node.ts'
import { compareNames } from '../platform/file-name.ts'
import { sameNode } from './change-detection.ts'

/** The folder that a folder belongs to, and its place there. */
export interface FolderPlace {
  readonly folder: Folder
  readonly slot: number
}

/** The parent snapshot's entries of a folder. */
export interface PreviousFolder {
  readonly tree: Id
  readonly nodes: readonly Node[]
}

/**
 * A folder on its way into the snapshot: its entries arrive in any order, and when all are there it can become a tree. It knows
 * whether they are the same as in the parent snapshot, so that the parent's tree can stand for it.
 */
export class Folder {
  /** Where it lies, for messages. */
  readonly path: string
  /** Undefined for the root, which has no entry of its own. */
  readonly node: Node | undefined
  readonly place: FolderPlace | undefined
  /** The parent snapshot's entry for this folder. */
  readonly previousNode: Node | undefined
  readonly #previous: PreviousFolder | undefined
  #previousPosition = 0
  readonly #slots: (Node | undefined)[] = []
  #missing = 0
  #sameAsPrevious: boolean
  #scanned = false

  constructor(
    path: string,
    node: Node | undefined,
    place: FolderPlace | undefined,
    previousNode: Node | undefined,
    previous: PreviousFolder | undefined,
  ) {
    this.path = path
    this.node = node
    this.place = place
    this.previousNode = previousNode
    this.#previous = previous
    this.#sameAsPrevious = previous !== undefined
  }

  /** The parent snapshot's entry of this name. Names must be asked for in ascending order. */
  previousEntry(name: string): Node | undefined {
    if (this.#previous === undefined) return undefined
    const { nodes } = this.#previous
    for (let node = nodes[this.#previousPosition]; node !== undefined; node = nodes[++this.#previousPosition]) {
      if (node.name === name) return node
      if (compareNames(node.name, name) > 0) return undefined
    }
    return undefined
  }

  /** Keeps a place for an entry that comes later, through `fill` or `drop`. */
  reserve(): number {
    this.#missing++
    return this.#slots.push(undefined) - 1
  }

  /** Puts an entry in the place kept for it. `previous` is the parent snapshot's entry of that name. */
  fill(slot: number, node: Node, previous: Node | undefined): void {
    this.#missing--
    this.#slots[slot] = node
    if (this.#sameAsPrevious && (previous === undefined || !sameNode(node, previous))) this.#sameAsPrevious = false
  }

  /** Gives up a reserved place: its entry is not part of the snapshot. */
  drop(): void {
    this.#missing--
  }

  /** No more places will be asked for. */
  endScan(): void {
    this.#scanned = true
  }

  /** Whether all entries have arrived. */
  get complete(): boolean {
    return this.#scanned && this.#missing === 0
  }

  /** The entries, in order. */
  nodes(): Node[] {
    return this.#slots.filter((node) => node !== undefined)
  }

  /** The parent snapshot's tree, where it says the same as this folder. */
  reusableTree(): Id | undefined {
    if (!this.#sameAsPrevious || this.#previous === undefined) return undefined
    let count = 0
    for (const node of this.#slots) if (node !== undefined) count++
    return count === this.#previous.nodes.length ? this.#previous.tree : undefined
  }
}
