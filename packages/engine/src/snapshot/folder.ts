import type { Id } from '../repository/id.ts'
import type { Node } from '../repository/node.ts'
import { compareNames } from '@varve/platform/file-name'
import {
  localOffset,
  timestampFromNanoseconds,
  timestampToNanoseconds,
  type Timestamp,
} from '../repository/timestamp.ts'
import { TreeEncoder } from '../repository/tree-encoding.ts'
import type { TreeEntries } from '../repository/tree-entries.ts'
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
  readonly entries: TreeEntries
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
  /** The place of the parent snapshot's entry for this folder, -1 where it has none. */
  readonly previous: number
  readonly #previous: PreviousFolder | undefined
  #previousPosition = 0
  /** What has arrived behind a place that is still empty, by its place. */
  readonly #waiting = new Map<number, Arrival>()
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
    entry: number,
    previous: PreviousFolder | undefined,
  ) {
    this.path = path
    this.node = node
    this.place = place
    this.previous = entry
    this.#previous = previous
    if (place !== undefined) place.folder.#incomplete.set(place.slot, this)
  }

  /** The place of this name among the parent snapshot's entries, -1 where it is not there. Names must be asked for in ascending order. */
  previousEntry(name: string): number {
    const entries = this.#previous?.entries
    if (entries === undefined) return -1
    for (; this.#previousPosition < entries.count; this.#previousPosition++) {
      if (entries.isNamed(this.#previousPosition, name)) return this.#previousPosition
      if (compareNames(entries.name(this.#previousPosition), name) > 0) return -1
    }
    return -1
  }

  /** The parent snapshot's entries. */
  get previousEntries(): TreeEntries | undefined {
    return this.#previous?.entries
  }

  /** The trees that a folder among the entries had, the latest first. `previous` is the parent snapshot's entry of its name. */
  previousTrees(previous: Node | undefined): readonly Id[] {
    if (previous?.subtree === undefined) return NO_TREES
    return [previous.subtree, ...(this.#previous?.olderTrees?.get(previous.name) ?? NO_TREES)]
  }

  /** Keeps a place for an entry that comes later, through `fill`, `keep` or `drop`. Entries come in the order of their places. */
  reserve(): number {
    return this.#reserved++
  }

  /** The parent snapshot's entry at a place; undefined for -1. */
  previousNode(previous: number): Node | undefined {
    return previous === -1 ? undefined : this.#previous?.entries.node(previous)
  }

  /** Puts an entry in the place kept for it, as {@link fill}, or {@link keep} where the parent's at `previous` says the same; returns what it is. */
  put(place: number, node: Node, previous: number): 'new' | 'unmodified' | 'changed' {
    const previousNode = this.previousNode(previous)
    const same = previousNode !== undefined && sameNode(node, previousNode)
    if (same) this.keep(place, previous)
    else this.fill(place, node)
    return previousNode === undefined ? 'new' : same ? 'unmodified' : 'changed'
  }

  /** Puts an entry in the place kept for it. */
  fill(place: number, node: Node): void {
    this.#arrive(place, node)
  }

  /** Puts an entry in the place kept for it that says what the parent snapshot's says; `previous` is that one's place. */
  keep(place: number, previous: number): void {
    this.#arrive(place, previous)
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
    if (this.#encoder === undefined && kept !== undefined && this.#previous?.entries.count === this.#entries) {
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
    for (const [place, arrival] of this.#waiting) if (arrival !== undefined) late.set(place, this.#nodeOf(arrival))
    for (const [place, folder] of this.#incomplete) {
      const subtree = folder.partialTree(save)
      if (subtree !== undefined && folder.node !== undefined) late.set(place, { ...folder.node, subtree })
    }
    if (this.#entries === 0 && late.size === 0) return undefined
    const rest = [...late].toSorted(([a], [b]) => a - b).map(([, node]) => node)
    return save((this.#encoder ?? this.#encodedPrevious()).finishedWith(rest))
  }

  #arrive(place: number, arrival: Arrival): void {
    if (this.#incomplete.size > 0) this.#incomplete.delete(place)
    if (place !== this.#settled) {
      this.#waiting.set(place, arrival)
      return
    }
    this.#settle(arrival)
    while (this.#waiting.size > 0 && this.#waiting.has(this.#settled)) {
      const next = this.#waiting.get(this.#settled)
      this.#waiting.delete(this.#settled)
      this.#settle(next)
    }
  }

  #settle(arrival: Arrival): void {
    this.#settled++
    if (arrival === undefined) return
    if (this.#encoder !== undefined || arrival !== this.#entries) this.#encode(this.#startEncoding(), arrival)
    this.#entries++
  }

  #nodeOf(arrival: number | Node): Node {
    return typeof arrival === 'number' ? this.#previousNodeNow(arrival) : arrival
  }

  /** The parent snapshot's entry as it would be written now. */
  #previousNodeNow(entry: number): Node {
    if (this.#previous === undefined) throw new Error('there is no parent snapshot')
    return inLocalZone(this.#previous.entries.node(entry))
  }

  /** Entries that were only counted are encoded first, as they would have been had they not been there before. */
  #startEncoding(): TreeEncoder {
    this.#encoder ??= this.#encodedPrevious()
    return this.#encoder
  }

  #encodedPrevious(): TreeEncoder {
    const encoder = new TreeEncoder()
    for (let entry = 0; entry < this.#entries; entry++) this.#encode(encoder, entry)
    return encoder
  }

  #encode(encoder: TreeEncoder, arrival: number | Node): void {
    const entries = this.#previous?.entries
    const text = typeof arrival === 'number' ? entries?.textInZone(arrival, localOffset) : undefined
    if (text === undefined || entries === undefined || typeof arrival !== 'number') encoder.add(this.#nodeOf(arrival))
    else encoder.addEncoded(entries.name(arrival), text)
  }
}

/** What comes to a place: an entry, the place of the parent snapshot's entry that says the same, or undefined where the place is given up. */
type Arrival = Node | number | undefined

/** The same node with its times as this machine writes them. */
function inLocalZone(node: Node): Node {
  return { ...node, mtime: localTime(node.mtime), atime: localTime(node.atime), ctime: localTime(node.ctime) }
}

function localTime(time: Timestamp): Timestamp {
  return timestampFromNanoseconds(timestampToNanoseconds(time))
}
