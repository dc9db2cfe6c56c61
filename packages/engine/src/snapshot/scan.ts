import { lstatSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describeError, systemErrorCode, throwIfAborted, VarveError } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import type { ExtendedAttribute } from '@varve/platform'
import type { Id } from '../repository/id.ts'
import type { Node } from '../repository/node.ts'
import type { IndexedRepository } from '../repository/repository.ts'
import type { TreeEntries } from '../repository/tree-entries.ts'
import type { TreeLoader } from '../repository/tree-loader.ts'
import type { BlobSaver } from './blob-saver.ts'
import { fileChanged, sameState, type ChangeRule, type FileState } from './change-detection.ts'
import { Folder } from './folder.ts'
import { NO_ATTRIBUTES, nodeType, type NodeBuilder } from './node-builder.ts'
import { PreviousFolders } from './previous-folders.ts'
import type { Rules } from './rules/rules.ts'
import type { SavedFile } from './save-jobs.ts'
import type { SnapshotItem } from './snapshot-options.ts'
import type { SourceTree } from './source-tree.ts'
import type { Tally } from './tally.ts'
import { WalkAhead, type WalkAheadRules } from './walk-ahead.ts'
import { Walk, type WalkStep } from './walk.ts'

/** How long the scan may keep its thread before answers of others get their turn, in milliseconds. */
const TURN = 5
/** Steps after which it looks at the time: most take some microseconds. */
const STEPS = 32

type EntryStep = WalkStep & { readonly kind: 'entry' }

/** What a scan works with. */
export interface ScanContext {
  readonly repository: IndexedRepository
  readonly trees: TreeLoader
  readonly saver: BlobSaver
  readonly builder: NodeBuilder
  readonly rules: Rules
  /** Set where much is to be walked over that is known already: then a thread of its own does, by these. */
  readonly ahead: WalkAheadRules | undefined
  readonly rule: ChangeRule
  readonly tally: Tally
  readonly separator: string
  readonly withSockets: boolean
  readonly signal: AbortSignal | undefined
  readonly onProblem: (path: string, message: string) => void
  readonly onItem: (item: SnapshotItem) => void
}

/**
 * Turns what a walk over the sources meets into trees. Only the folders between the root and the
 * entry at hand, and those that wait for files still being saved, are in memory.
 */
export class Scan {
  readonly #context: ScanContext
  readonly #hasData: (id: Uint8Array) => boolean
  readonly #previous: PreviousFolders
  #rootFolder: Folder | undefined
  #turnEnds = performance.now() + TURN
  /** The folders that the walk is in, the root first. */
  readonly #open: Folder[] = []
  #root: Id | undefined

  constructor(context: ScanContext) {
    this.#context = context
    this.#hasData = (id) => context.repository.index.hasBytes('data', id)
    this.#previous = new PreviousFolders(context.trees, (path, message) =>
      context.onProblem(path === '' ? context.separator : path, message),
    )
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
    const { ahead, builder, separator, rules, signal } = this.#context
    const root = new Folder('', undefined, undefined, -1, await this.#previous.folder(previous, ''))
    this.#rootFolder = root
    this.#open.push(root)
    if (ahead === undefined) {
      const walk = new Walk({ sources, separator, rules, attributes: builder.extendedAttributes })
      await this.#follow(() => walk.next())
    } else {
      const walk = new WalkAhead({ ...ahead, sources, separator })
      const stop = (): void => void walk.close()
      signal?.addEventListener('abort', stop)
      try {
        do await this.#follow(() => walk.next(this.path))
        while (await walk.more())
      } finally {
        signal?.removeEventListener('abort', stop)
        await walk.close()
      }
    }
    throwIfAborted(signal)
    await this.#context.saver.filesDone()
    if (this.#root === undefined) throw new Error('the scan ended before its root was complete')
    if (root.entryCount === 0) {
      throw new VarveError('ERR_VARVE_SNAPSHOT_EMPTY', 'nothing was left to save', {
        hint: 'Every source was empty, excluded or unreadable.',
      })
    }
    return this.#root
  }

  /** Takes steps of the walk as long as there are some. */
  async #follow(nextStep: () => WalkStep | undefined): Promise<void> {
    let steps = 0
    for (let step = nextStep(); step !== undefined; step = nextStep()) {
      const entered = this.#take(step)
      if (entered !== undefined) await entered
      if (++steps % STEPS === 0 && performance.now() > this.#turnEnds) {
        await nextTurn()
        throwIfAborted(this.#context.signal)
        await this.#context.saver.room()
        this.#turnEnds = performance.now() + TURN
      }
    }
  }

  /** Saves trees of what has been dealt with so far; returns the root, undefined where there is nothing yet. */
  savePartialTree(): Id | undefined {
    // A root that is complete has been encoded to its end already.
    if (this.#root !== undefined) return this.#rootFolder?.entryCount === 0 ? undefined : this.#root
    return this.#rootFolder?.partialTree((bytes) => this.#context.saver.saveBlob('tree', bytes))
  }

  /** A promise where there is something to wait for, so that the many steps without cost none. */
  #take(step: WalkStep): Promise<void> | undefined {
    if (step.kind === 'entry') this.#visitEntry(this.#current, step)
    else if (step.kind === 'leave') this.#leave()
    else if (step.kind === 'problem') this.#context.onProblem(step.path, step.message)
    else return this.#enterFolder(this.#current, step)
    return undefined
  }

  get #current(): Folder {
    const folder = this.#open.at(-1)
    if (folder === undefined) throw new Error('the walk is in no folder')
    return folder
  }

  #leave(): void {
    const left = this.#current
    this.#open.pop()
    left.endScan()
    this.#settle(left)
  }

  #visitEntry(parent: Folder, step: EntryStep): void {
    const { name, path, stats, explicit } = step
    const { onProblem, builder, withSockets } = this.#context
    try {
      const previous = parent.previousEntry(name)
      if (stats.isFile()) return this.#visitFile(parent, step, previous)
      const type = nodeType(stats)
      if (type === 'irregular') onProblem(path, 'it is neither a file nor anything else that can be saved')
      else if (type !== 'socket' || withSockets) {
        // First: a link that is gone by now throws, and must not leave a place that nothing will ever fill.
        const node = builder.build(name, path, stats, this.#attributesOf(step))
        parent.put(parent.reserve(), node, previous)
      }
    } catch (error) {
      const code = systemErrorCode(error)
      if (code === undefined) throw error
      // Gone since the folder was listed: as if it had never been there.
      if (explicit || code !== 'ENOENT') onProblem(path, describeError(error))
    }
  }

  #visitFile(parent: Folder, step: EntryStep, previous: number): void {
    const { name, path, stats } = step
    const { builder, tally, rule } = this.#context
    const attributes = this.#attributesOf(step)
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
    const previousNode = parent.previousNode(previous)
    if (entries !== undefined && previousNode !== undefined && !fileChanged(stats, previousNode, rule)) {
      if (this.#isStored(entries, previous)) {
        tally.countTakenOver(Number(node.size))
        this.#context.onItem({ path, type: 'file', action: 'unmodified' })
        parent.put(parent.reserve(), { ...node, content: previousNode.content }, previous)
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

  #attributesOf({ path, mayHaveAttributes }: EntryStep): readonly ExtendedAttribute[] {
    return mayHaveAttributes ? this.#context.builder.attributesOf(path) : NO_ATTRIBUTES
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
    const action = parent.put(slot, node, previous)
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

  async #enterFolder(
    parent: Folder,
    { kind, name, path, stats, mayHaveAttributes }: WalkStep & { readonly kind: 'folder' | 'leading' },
  ): Promise<void> {
    const { builder } = this.#context
    const node = !mayHaveAttributes
      ? builder.build(name, path, stats, NO_ATTRIBUTES)
      : kind === 'folder'
        ? builder.build(name, path, stats)
        : builder.buildLeading(name, path, stats)
    const entry = parent.previousEntry(name)
    const previous = await this.#previous.folder(parent.previousTrees(parent.previousNode(entry)), path)
    this.#open.push(new Folder(path, node, { folder: parent, slot: parent.reserve() }, entry, previous))
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
      const action = parent.put(folder.place.slot, node, folder.previous)
      this.#context.tally.count(node, action)
      this.#context.onItem({ path: folder.path, type: 'dir', action })
      folder = parent
    }
  }
}
