import { lstatSync, statSync, type BigIntStats } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  describeError,
  isVarveError,
  systemErrorCode,
  throwIfAborted,
  VarveError,
  type ErrorCode,
} from '@varve/platform/errors'
import { compareNames, toFsPath } from '@varve/platform/file-name'
import type { Id } from '../repository/id.ts'
import type { Node } from '../repository/node.ts'
import type { IndexedRepository } from '../repository/repository.ts'
import type { TreeEntries } from '../repository/tree-entries.ts'
import type { TreeLoader } from '../repository/tree-loader.ts'
import type { BlobSaver } from './blob-saver.ts'
import { fileChanged, sameNode, sameState, type ChangeRule, type FileState } from './change-detection.ts'
import { Folder, type PreviousFolder } from './folder.ts'
import { mergePrevious } from './previous-folders.ts'
import { nodeType, type NodeBuilder } from './node-builder.ts'
import type { Rules } from './rules/rules.ts'
import type { SavedFile } from './save-jobs.ts'
import type { SnapshotItem } from './snapshot-options.ts'
import { readFolder, type SourceTree } from './source-tree.ts'
import type { Tally } from './tally.ts'

/** How long the scan may keep its thread before answers of others get their turn, in milliseconds. */
const TURN = 5

/** Why a tree of the parent snapshot cannot be used: reasons that concern it alone, while everything else can go on. */
const UNUSABLE_TREE: ReadonlySet<ErrorCode> = new Set([
  'ERR_VARVE_DAMAGED',
  'ERR_VARVE_MISSING_BLOB',
  'ERR_VARVE_NOT_FOUND',
])

/** What a scan works with. */
export interface ScanContext {
  readonly repository: IndexedRepository
  readonly trees: TreeLoader
  readonly saver: BlobSaver
  readonly builder: NodeBuilder
  readonly rules: Rules
  readonly rule: ChangeRule
  readonly tally: Tally
  readonly separator: string
  readonly withSockets: boolean
  readonly signal: AbortSignal | undefined
  readonly onProblem: (path: string, message: string) => void
  readonly onItem: (item: SnapshotItem) => void
}

/** A folder whose entries are being visited. */
interface OpenFolder {
  readonly folder: Folder
  readonly path: string
  readonly names: readonly string[]
  next: number
  /** Set where sources, rather than the entries of a real folder, are visited. */
  readonly sources: ReadonlyMap<string, SourceTree> | undefined
}

/**
 * Walks the sources depth first in the order of names' bytes and turns them into trees. Only the folders between the root and the
 * entry at hand, and those that wait for files still being saved, are in memory.
 */
export class Scan {
  readonly #context: ScanContext
  readonly #hasData: (id: Id) => boolean
  readonly #open: OpenFolder[] = []
  #rootFolder: Folder | undefined
  #root: Id | undefined

  constructor(context: ScanContext) {
    this.#context = context
    this.#hasData = (id) => context.repository.index.has('data', id)
  }

  /** The folder that the scan is at. */
  get path(): string {
    return this.#open.at(-1)?.path ?? ''
  }

  /**
   * @param sources - what to save
   * @param previous - root trees of the snapshots to compare with, the latest first: an entry is looked up in one after the other
   * @returns the root tree, which is saved when the saver has finished
   * @throws ERR_VARVE_SNAPSHOT_EMPTY where nothing was left to save, ERR_VARVE_ABORTED, and what stopped the saver
   */
  async run(sources: SourceTree, previous: readonly Id[]): Promise<Id> {
    const root = new Folder('', undefined, undefined, -1, await this.#previousFolder(previous, ''))
    this.#rootFolder = root
    this.#openSources(root, sources)
    let turnEnds = performance.now() + TURN
    for (let at = this.#open.at(-1); at !== undefined; at = this.#open.at(-1)) {
      const name = at.names[at.next++]
      if (name === undefined) {
        this.#leave(at)
      } else {
        const entered = this.#visit(at, name)
        if (entered !== undefined) await entered
      }
      if (performance.now() > turnEnds) {
        await nextTurn()
        throwIfAborted(this.#context.signal)
        await this.#context.saver.room()
        turnEnds = performance.now() + TURN
      }
    }
    await this.#context.saver.filesDone()
    if (this.#root === undefined) throw new Error('the scan ended before its root was complete')
    if (root.entryCount === 0) {
      throw new VarveError('ERR_VARVE_SNAPSHOT_EMPTY', 'nothing was left to save', {
        hint: 'Every source was empty, excluded or unreadable.',
      })
    }
    return this.#root
  }

  /** Saves trees of what has been dealt with so far; returns the root, undefined where there is nothing yet. */
  savePartialTree(): Id | undefined {
    // A root that is complete has been encoded to its end already.
    if (this.#root !== undefined) return this.#rootFolder?.entryCount === 0 ? undefined : this.#root
    return this.#rootFolder?.partialTree((bytes) => this.#context.saver.saveBlob('tree', bytes))
  }

  #leave(at: OpenFolder): void {
    this.#open.pop()
    if (at.sources === undefined) this.#context.rules.leaveFolder(at.path)
    at.folder.endScan()
    this.#settle(at.folder)
  }

  #openSources(folder: Folder, sources: SourceTree): void {
    const names = [...sources.children.keys()].toSorted(compareNames)
    this.#open.push({ folder, path: sources.infoPath ?? '', names, next: 0, sources: sources.children })
  }

  /** A promise where there is something to wait for, so that the many entries without cost none. */
  #visit(at: OpenFolder, name: string): Promise<void> | undefined {
    if (at.sources === undefined)
      return this.#visitEntry(at.folder, name, joinPath(at.path, name, this.#context.separator), false)
    const source = at.sources.get(name)
    if (source === undefined) throw new Error(`source '${name}' is not there`)
    if (source.path !== undefined) return this.#visitEntry(at.folder, name, source.path, source.explicit)
    return this.#enterLeadingFolder(at.folder, name, source)
  }

  /** A folder that is in the snapshot only because it leads to a source. */
  async #enterLeadingFolder(parent: Folder, name: string, source: SourceTree): Promise<void> {
    const path = source.infoPath
    if (path === undefined) throw new Error(`source '${name}' has nowhere to take its metadata from`)
    let node: Node
    try {
      node = this.#context.builder.buildLeading(name, path, statSync(toFsPath(path), { bigint: true }))
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error
      return this.#context.onProblem(path, describeError(error))
    }
    const entry = parent.previousEntry(name)
    const previous = await this.#previousFolder(parent.previousTrees(previousNodeOf(parent, entry)), path)
    this.#openSources(new Folder(path, node, { folder: parent, slot: parent.reserve() }, entry, previous), source)
  }

  #visitEntry(parent: Folder, name: string, path: string, explicit: boolean): Promise<void> | undefined {
    try {
      return this.#visitFound(parent, name, path, explicit)
    } catch (error) {
      const code = systemErrorCode(error)
      if (code === undefined) throw error
      // Gone since the folder was listed: as if it had never been there.
      if (explicit || code !== 'ENOENT') this.#context.onProblem(path, describeError(error))
      return undefined
    }
  }

  #visitFound(parent: Folder, name: string, path: string, explicit: boolean): Promise<void> | undefined {
    const { rules, onProblem, builder, withSockets } = this.#context
    if (!explicit && rules.excludesPath(path)) return undefined
    const stats = lstatSync(toFsPath(path), { bigint: true })
    if (rules.excludes(path, stats, explicit)) return undefined
    const previous = parent.previousEntry(name)
    switch (nodeType(stats)) {
      case 'file':
        this.#visitFile(parent, name, path, stats, previous)
        return undefined
      case 'dir':
        return this.#enterFolder(parent, name, path, stats, previous)
      case 'socket':
        if (!withSockets) return undefined
        break
      case 'irregular':
        onProblem(path, 'it is neither a file nor anything else that can be saved')
        return undefined
      case 'symlink':
      case 'dev':
      case 'chardev':
      case 'fifo':
        break
    }
    put(parent, parent.reserve(), builder.build(name, path, stats), previous)
    return undefined
  }

  #visitFile(parent: Folder, name: string, path: string, stats: BigIntStats, previous: number): void {
    const { builder, tally, rule } = this.#context
    const attributes = builder.extendedAttributes(path)
    const entries = parent.previousEntries
    if (entries !== undefined && previous !== -1 && attributes.length === 0) {
      const numbers = builder.fileNumbers(stats)
      if (entries.isFileOf(previous, numbers) && this.#isStored(entries, previous)) {
        tally.countTakenOver(numbers.size)
        this.#context.onItem({ path, type: 'file', action: 'unmodified' })
        parent.keep(parent.reserve(), previous)
        return
      }
    }
    const node = builder.build(name, path, stats, attributes)
    const previousNode = previousNodeOf(parent, previous)
    if (entries !== undefined && previousNode !== undefined && !fileChanged(stats, previousNode, rule)) {
      if (this.#isStored(entries, previous)) {
        tally.countTakenOver(Number(node.size))
        this.#context.onItem({ path, type: 'file', action: 'unmodified' })
        put(parent, parent.reserve(), { ...node, content: previousNode.content }, previous)
        return
      }
      this.#context.onProblem(
        path,
        'parts of it are missing in the repository, although the parent snapshot has it; it is saved again',
      )
    }
    const slot = parent.reserve()
    const { size, mtimeNs, ctimeNs, ino } = stats
    this.#context.saver.saveFile({ path, size, mtimeNs, ctimeNs, ino }, (saved) => {
      this.#fileSaved(parent, slot, path, node, previous, saved)
      this.#settle(parent)
    })
  }

  #fileSaved(parent: Folder, slot: number, path: string, scanned: Node, previous: number, saved: SavedFile): void {
    if (saved.kind === 'failed') {
      this.#context.onProblem(path, saved.message)
      parent.drop(slot)
      return
    }
    if (saved.changedWhileRead)
      this.#context.onProblem(path, 'it changed while it was being read; what was read is saved')
    const current = saved.found === undefined ? scanned : this.#asRead(path, scanned, saved.found)
    const node: Node = { ...current, size: BigInt(saved.size), content: saved.content }
    const action = put(parent, slot, node, previous)
    this.#context.tally.count(node, action)
    this.#context.onItem({ path, type: 'file', action })
  }

  /**
   * Metadata that goes with what was read. It must not be newer than the moment when reading began: the next snapshot would take what
   * changed since for saved.
   */
  #asRead(path: string, scanned: Node, found: FileState): Node {
    const { builder } = this.#context
    try {
      const stats = lstatSync(toFsPath(path), { bigint: true })
      if (stats.isFile() && sameState(stats, found)) return builder.build(scanned.name, path, stats)
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error
    }
    return builder.withState(scanned, found)
  }

  #isStored(entries: TreeEntries, previous: number): boolean {
    return entries.everyContent(previous, this.#hasData)
  }

  async #enterFolder(parent: Folder, name: string, path: string, stats: BigIntStats, entry: number): Promise<void> {
    let node: Node
    let names: string[]
    try {
      node = this.#context.builder.build(name, path, stats)
      names = sortNames(readFolder(path))
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error
      return this.#context.onProblem(path, describeError(error))
    }
    const kept = this.#context.rules.enterFolder(path, names, stats)
    const previous = await this.#previousFolder(parent.previousTrees(previousNodeOf(parent, entry)), path)
    const folder = new Folder(path, node, { folder: parent, slot: parent.reserve() }, entry, previous)
    this.#open.push({ folder, path, names: kept, next: 0, sources: undefined })
  }

  async #previousFolder(trees: readonly Id[], path: string): Promise<PreviousFolder | undefined> {
    const found: PreviousFolder[] = []
    for (const tree of new Set(trees)) {
      const folder = await this.#loadPrevious(tree, path)
      if (folder !== undefined) found.push(folder)
    }
    return mergePrevious(found)
  }

  async #loadPrevious(tree: Id, path: string): Promise<PreviousFolder | undefined> {
    try {
      return { tree, entries: await this.#context.trees.loadEntries(tree) }
    } catch (error) {
      if (!isVarveError(error) || !UNUSABLE_TREE.has(error.code)) throw error
      this.#context.onProblem(
        path === '' ? this.#context.separator : path,
        `the parent snapshot cannot be used here: ${error.message}`,
      )
      return undefined
    }
  }

  /** Turns a folder whose entries are all there into a tree, and so on upwards. */
  #settle(start: Folder): void {
    for (let folder = start; folder.complete;) {
      const made = folder.tree()
      const tree = 'kept' in made ? made.kept : this.#context.saver.saveBlob('tree', made.bytes)
      if (folder.node === undefined || folder.place === undefined) {
        this.#root = tree
        return
      }
      const node: Node = { ...folder.node, subtree: tree }
      const parent = folder.place.folder
      const action = put(parent, folder.place.slot, node, folder.previous)
      this.#context.tally.count(node, action)
      this.#context.onItem({ path: folder.path, type: 'dir', action })
      folder = parent
    }
  }
}

/** The parent snapshot's entry at a place; undefined for -1. */
function previousNodeOf(folder: Folder, previous: number): Node | undefined {
  return previous === -1 ? undefined : folder.previousEntries?.node(previous)
}

/** Puts an entry in its place, or where the parent snapshot's says the same, that one; returns what became of it. */
function put(folder: Folder, place: number, node: Node, previous: number): SnapshotItem['action'] {
  const previousNode = previousNodeOf(folder, previous)
  const same = previousNode !== undefined && sameNode(node, previousNode)
  if (same) folder.keep(place, previous)
  else folder.fill(place, node)
  return previousNode === undefined ? 'new' : same ? 'unmodified' : 'changed'
}

function joinPath(folder: string, name: string, separator: string): string {
  return folder.endsWith(separator) ? folder + name : folder + separator + name
}

/**
 * In the order of bytes, which for names below the surrogates is the order of JavaScript's strings, and each once: some file systems list an
 * entry twice when their folder changes meanwhile.
 */
function sortNames(names: readonly string[]): string[] {
  const sorted = names.some((name) => /[\ud800-\uffff]/.test(name)) ? names.toSorted(compareNames) : names.toSorted()
  return sorted.filter((name, index) => name !== sorted[index - 1])
}
