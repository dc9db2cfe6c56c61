import type { Id } from '../repository/id.ts'
import type { Node } from '../repository/node.ts'
import { compareNames } from '@varve/platform/file-name'
import { timestampFromNanoseconds, timestampToNanoseconds, type Timestamp } from '../repository/timestamp.ts'
import { TreeEncoder } from '../repository/tree-encoding.ts'
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

/** What a folder becomes: the parent snapshot's tree, or a new one. */
export type FolderTree = { readonly kept: Id } | { readonly bytes: Buffer }

/**
 * A folder on its way into the snapshot: its entries arrive in any order, and when all are there it can become a tree. Entries are encoded as
 * soon as those before them are there; as long as all are the same as in the parent snapshot, they are only counted. So a folder
 * with very many of them takes little more memory than its tree does.
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
  /** What has arrived behind a place that is still empty, by its place; undefined where that was given up. */
  readonly #waiting = new Map<number, FilledPlace | undefined>()
  #reserved = 0
  #settled = 0
  #entries = 0
  /** Undefined as long as the entries are the first of the parent snapshot's tree. */
  #encoder: TreeEncoder | undefined
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

  /** Keeps a place for an entry that comes later, through `fill` or `drop`. Entries come in the order of their places. */
  reserve(): number {
    return this.#reserved++
  }

  /** Puts an entry in the place kept for it. `previous` is the parent snapshot's entry of that name. */
  fill(place: number, node: Node, previous: Node | undefined): void {
    this.#arrive(place, { node, previous })
  }

  /** Gives up a reserved place: its entry is not part of the snapshot. */
  drop(place: number): void {
    this.#arrive(place, undefined)
  }

  /** No more places will be asked for. */
  endScan(): void {
    this.#scanned = true
  }

  /** Whether all entries have arrived. */
  get complete(): boolean {
    return this.#scanned && this.#settled === this.#reserved
  }

  /** Entries, as far as all before them have arrived. */
  get entryCount(): number {
    return this.#entries
  }

  /** The tree of a complete folder: the parent snapshot's, where that says the same. */
  tree(): FolderTree {
    if (this.#encoder === undefined && this.#previous?.nodes.length === this.#entries) {
      return { kept: this.#previous.tree }
    }
    return { bytes: this.#startEncoding().finish() }
  }

  #arrive(place: number, filled: FilledPlace | undefined): void {
    if (place !== this.#settled) {
      this.#waiting.set(place, filled)
      return
    }
    this.#settle(filled)
    while (this.#waiting.has(this.#settled)) {
      const next = this.#waiting.get(this.#settled)
      this.#waiting.delete(this.#settled)
      this.#settle(next)
    }
  }

  #settle(filled: FilledPlace | undefined): void {
    this.#settled++
    if (filled === undefined) return
    const { node, previous } = filled
    const isNext =
      this.#encoder === undefined && previous !== undefined && previous === this.#previous?.nodes[this.#entries]
    if (!isNext || !sameNode(node, previous)) this.#startEncoding().add(node)
    this.#entries++
  }

  /** Entries that were only counted are encoded first, as they would have been had they not been there before. */
  #startEncoding(): TreeEncoder {
    if (this.#encoder !== undefined) return this.#encoder
    this.#encoder = new TreeEncoder()
    for (const node of this.#previous?.nodes.slice(0, this.#entries) ?? []) this.#encoder.add(inLocalZone(node))
    return this.#encoder
  }
}

interface FilledPlace {
  readonly node: Node
  readonly previous: Node | undefined
}

/** The same node with its times as this machine writes them. */
function inLocalZone(node: Node): Node {
  return { ...node, mtime: localTime(node.mtime), atime: localTime(node.atime), ctime: localTime(node.ctime) }
}

function localTime(time: Timestamp): Timestamp {
  return timestampFromNanoseconds(timestampToNanoseconds(time))
}
