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

/** The parent snapshot's entries of a folder, or those of several snapshots put together. */
export interface PreviousFolder {
  /** The tree that says this and nothing else; undefined where no single one does. */
  readonly tree: Id | undefined
  readonly nodes: readonly Node[]
  /** By name: trees of a folder in snapshots older than the one that its node comes from, the latest first. */
  readonly olderTrees?: ReadonlyMap<string, readonly Id[]>
}

const NO_TREES: readonly Id[] = []

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
  /** Folders among the entries that are not complete yet, by their places. */
  readonly #incomplete = new Map<number, Folder>()
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
    if (place !== undefined) place.folder.#incomplete.set(place.slot, this)
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

  /** The trees that a folder among the entries had, the latest first. `previous` is what {@link previousEntry} found. */
  previousTrees(previous: Node | undefined): readonly Id[] {
    if (previous?.subtree === undefined) return NO_TREES
    return [previous.subtree, ...(this.#previous?.olderTrees?.get(previous.name) ?? NO_TREES)]
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
    const kept = this.#previous?.tree
    if (this.#encoder === undefined && kept !== undefined && this.#previous?.nodes.length === this.#entries) {
      return { kept }
    }
    return { bytes: this.#startEncoding().finish() }
  }

  /**
   * The tree of what has arrived so far, in this folder and in those below it; undefined where nothing has. The folder goes on as if it had not
   * been asked.
   *
   * @param save - takes each tree that this needs
   */
  partialTree(save: (bytes: Buffer) => Id): Id | undefined {
    const late = new Map<number, Node>()
    for (const [place, filled] of this.#waiting) if (filled !== undefined) late.set(place, filled.node)
    for (const [place, folder] of this.#incomplete) {
      const subtree = folder.partialTree(save)
      if (subtree !== undefined && folder.node !== undefined) late.set(place, { ...folder.node, subtree })
    }
    if (this.#entries === 0 && late.size === 0) return undefined
    const rest = [...late].toSorted(([a], [b]) => a - b).map(([, node]) => node)
    return save((this.#encoder ?? this.#encodedPrevious()).finishedWith(rest))
  }

  #arrive(place: number, filled: FilledPlace | undefined): void {
    this.#incomplete.delete(place)
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
    this.#encoder ??= this.#encodedPrevious()
    return this.#encoder
  }

  #encodedPrevious(): TreeEncoder {
    const encoder = new TreeEncoder()
    for (const node of this.#previous?.nodes.slice(0, this.#entries) ?? []) encoder.add(inLocalZone(node))
    return encoder
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
