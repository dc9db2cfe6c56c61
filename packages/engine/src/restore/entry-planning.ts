import { readdirSync, type BigIntStats } from 'node:fs'
import { toFsPath } from '@varve/platform/file-name'
import type { BlobLocation } from '../repository/blob.ts'
import type { Id } from '../repository/id.ts'
import type { Node } from '../repository/node.ts'
import type { Comparison } from './content-comparison.ts'
import { lookAt, metadataOf, type PlanContext, type PlannedFolder } from './plan-context.ts'
import type { EntryAction } from './planned-entries.ts'
import { decide, type Decision } from './present-state.ts'

/** The first of files that are one and the same. */
interface FirstLink {
  readonly entry: number
  /** What is at its place now, as {@link identityOf} names it. */
  readonly identity: string | undefined
}

/** A hard link at whose place something is that may be the right file already. */
interface PresentLink {
  readonly entry: number
  readonly first: number
}

/** Plans entries that are no folders. */
export class EntryPlanning {
  readonly linkTargets = new Map<number, string>()
  readonly devices = new Map<number, bigint>()
  readonly #context: PlanContext
  readonly #firstLinks = new Map<string, FirstLink>()
  readonly #presentLinks: PresentLink[] = []

  constructor(context: PlanContext) {
    this.#context = context
  }

  /**
   * Plans an entry. What cannot be restored is reported.
   * @returns something to wait for before going on, where an existing file has to be compared
   */
  plan(folder: PlannedFolder, node: Node, path: string): Promise<void> | undefined {
    const { overwrite, reporter, protectedPaths } = this.#context
    if (node.type === 'socket') {
      this.#add(folder, node, 'skip')
      return undefined
    }
    if (node.type === 'irregular') {
      reporter.problem(path, 'it is of a kind that cannot be made')
      return undefined
    }
    const present = folder.exists ? lookAt(path) : undefined
    const decision = decide(node, path, present, overwrite)
    if (present !== undefined && decision !== 'skip') {
      const obstacle = protectedPaths.has(path) ? 'it is part of the repository' : this.#obstacle(path, present)
      if (obstacle !== undefined) {
        reporter.problem(path, obstacle)
        return undefined
      }
    }
    if (node.type === 'file') return this.#planFile(folder, node, path, present, decision)
    const entry = this.#add(folder, node, actionOf(decision))
    if (node.type === 'symlink') this.linkTargets.set(entry, node.linkTarget)
    else if (node.type !== 'fifo') this.devices.set(entry, node.device)
    return undefined
  }

  /** Settles what could not be known before everything was compared. */
  finish(): void {
    const { entries } = this.#context
    for (const { entry, first } of this.#presentLinks) {
      if (entries.action(first) === 'keep') entries.setAction(entry, 'keep')
    }
  }

  /** Why what is at a path must not be removed for an entry that is no folder, if so. */
  #obstacle(path: string, present: BigIntStats): string | undefined {
    if (!present.isDirectory()) return undefined
    if (this.#context.protectedPaths.touches(path)) return 'the repository lies in the folder that is there'
    if (this.#context.delete || readdirSync(toFsPath(path)).length === 0) return undefined
    return 'a folder that is not empty is there; it is only removed where deleting was asked for'
  }

  #planFile(
    folder: PlannedFolder,
    node: Node,
    path: string,
    present: BigIntStats | undefined,
    decision: Decision,
  ): Promise<void> | undefined {
    if (decision === 'skip') {
      this.#add(folder, node, 'skip')
      return undefined
    }
    const key = node.links > 1n ? `${node.deviceId}:${node.inode}` : undefined
    const first = key === undefined ? undefined : this.#firstLinks.get(key)
    if (first !== undefined && this.#hasContent(first.entry, node)) {
      this.#planLink(folder, node, first, present)
      return undefined
    }
    const places = this.#placesOf(node, path)
    if (places === undefined) return undefined
    const { entries, pieces, comparison } = this.#context
    const firstPiece = pieces.count
    const size = this.#addPieces(entries.count, places)
    this.#checkSize(node, path, size)
    const entry = this.#add(folder, node, actionOf(decision), size, firstPiece)
    if (key !== undefined && first === undefined) this.#firstLinks.set(key, { entry, identity: identityOf(present) })
    if (decision === 'keep') this.#want(entry, () => false)
    if (decision !== 'compare' || present === undefined) return undefined
    return comparison.ask(path, firstPiece, pieces.count, (result) => this.#settleComparison(entry, present, result))
  }

  #planLink(folder: PlannedFolder, node: Node, first: FirstLink, present: BigIntStats | undefined): void {
    const { entries } = this.#context
    const size = entries.size(first.entry)
    const entry = this.#add(folder, node, present === undefined ? 'make' : 'replace', size)
    entries.setLinkedTo(entry, first.entry)
    if (present !== undefined && identityOf(present) === first.identity) {
      this.#presentLinks.push({ entry, first: first.entry })
    }
  }

  #settleComparison(entry: number, present: BigIntStats, { size, has }: Comparison): void {
    const { entries } = this.#context
    const differs = this.#want(entry, (piece) => !has(piece))
    if (!differs && size === entries.size(entry)) {
      entries.setAction(entry, 'keep')
    } else if (present.nlink > 1n) {
      // Nobody can tell where else in the file system it has names: writing into it could change files outside the target.
      entries.setAction(entry, 'replace')
      this.#want(entry, () => true)
    }
  }

  /** Says which pieces of a file are to be written. @returns whether any is */
  #want(entry: number, isWanted: (piece: number) => boolean): boolean {
    const { entries, pieces } = this.#context
    let any = false
    for (let piece = entries.firstPiece(entry); piece < entries.endPiece(entry); piece++) {
      const wanted = isWanted(piece)
      pieces.setWanted(piece, wanted)
      any ||= wanted
    }
    return any
  }

  /** Where the content of a file lies; undefined, and reported, where it is not all there. */
  #placesOf(node: Node, path: string): readonly BlobLocation[] | undefined {
    const { index, reporter } = this.#context
    const places: BlobLocation[] = []
    for (const id of node.content ?? []) {
      const place = index.lookup('data', id)
      if (place === undefined) {
        reporter.problem(path, `a piece of its content, ${id}, is in no index`)
        return undefined
      }
      places.push(place)
    }
    return places
  }

  #addPieces(entry: number, places: readonly BlobLocation[]): number {
    const { pieces } = this.#context
    let offset = 0
    for (const place of places) {
      pieces.add(entry, offset, place)
      offset += pieces.length(pieces.count - 1)
    }
    return offset
  }

  #checkSize(node: Node, path: string, size: number): void {
    if (BigInt(size) === node.size) return
    this.#context.reporter.problem(
      path,
      `the snapshot says that it has ${node.size} bytes, but its content has ${size}`,
    )
  }

  /** Whether an entry has the content of a node: inode numbers of two file systems may be the same. */
  #hasContent(entry: number, node: Node): boolean {
    const { entries, pieces } = this.#context
    const first = entries.firstPiece(entry)
    const content: readonly Id[] = node.content ?? []
    return entries.endPiece(entry) - first === content.length && content.every((id, i) => pieces.id(first + i) === id)
  }

  #add(folder: PlannedFolder, node: Node, action: EntryAction, size = Number(node.size), firstPiece?: number): number {
    const { entries, pieces } = this.#context
    return entries.add({
      parent: folder.entry,
      name: node.name,
      type: node.type,
      action,
      size,
      metadata: action === 'skip' ? undefined : metadataOf(node),
      firstPiece: firstPiece ?? pieces.count,
      endPiece: pieces.count,
    })
  }
}

function actionOf(decision: Decision): EntryAction {
  if (typeof decision === 'object') throw new Error('only folders are blocked')
  return decision === 'compare' ? 'update' : decision
}

function identityOf(present: BigIntStats | undefined): string | undefined {
  return present === undefined ? undefined : `${present.dev}:${present.ino}`
}
