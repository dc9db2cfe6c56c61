import { hash } from 'node:crypto'
import { VarveError } from '@varve/platform/errors'
import { nameToBytes } from '@varve/platform/file-name'
import { isSameState, type FolderState, type IndexEntry } from '../../directory-index/entry.ts'
import { EntryCursor } from '../../directory-index/entry-cursor.ts'
import { comparePaths, isBelow, parentPath } from '../../directory-index/entry-path.ts'
import { StateHash } from '../../directory-index/state-hash.ts'
import type { ArchivedChange } from '../archive-reader.ts'
import { isChange, replacesEntry, type Change } from '../change.ts'

/** What is met on the way through base and changes. */
export type TargetStep =
  /** A change, in order of paths; `isInFolder` says that the folder around it is in the base and stays. */
  | ({ readonly kind: 'change'; readonly isInFolder: boolean } & ArchivedChange)
  /** A folder is left behind, all below it having come before. Only those come that are made, go, change, or have entries that are made or go. */
  | FolderStep

/** See {@link TargetStep}. */
export interface FolderStep {
  readonly kind: 'folder'
  /** The empty string for the directory itself. */
  readonly path: string
  /** Undefined where it is made. */
  readonly before: FolderState | undefined
  /** Undefined where it goes. */
  readonly after: FolderState | undefined
  /** How many entries it has in the base. */
  readonly entriesBefore: number
}

interface Level {
  readonly path: string
  readonly before: FolderState | undefined
  readonly after: FolderState | undefined
  entriesBefore: number
  isTouched: boolean
}

const MODULUS = 1n << 256n

/**
 * Goes through the base and the changes side by side, and so through what the directory is going to be. In memory are the folders on the way from the top.
 *
 * @param what - names the changes in messages
 * @returns the hash of what the directory is going to be, see `StateHash`
 * @throws ERR_VARVE_WRONG_BASE where a change is not one of this base; ERR_VARVE_DAMAGED where changes do not fit together; what the sources throw
 */
export async function* walkTarget(
  base: AsyncIterable<IndexEntry>,
  changes: AsyncIterable<ArchivedChange>,
  root: { readonly before: FolderState | undefined; readonly after: FolderState },
  what: string,
): AsyncGenerator<TargetStep, string> {
  const entries = new EntryCursor(base)
  const archived = changes[Symbol.asyncIterator]()
  const walk = new TargetWalk(root, what)
  try {
    let next = await archived.next()
    for (;;) {
      const entry = await entries.current()
      const change = next.done === true ? undefined : next.value.change
      if (entry === undefined && change === undefined) break
      const order = entry === undefined ? 1 : change === undefined ? -1 : comparePaths(entry.path, change.path)
      const path = order <= 0 ? (entry?.path ?? '') : (change?.path ?? '')
      for (const step of walk.leaveFor(path)) yield step
      if (entry !== undefined && order < 0) walk.keep(entry)
      if (order >= 0 && next.done !== true) {
        const isInFolder = walk.take(next.value.change, order === 0 ? entry : undefined)
        yield { kind: 'change', isInFolder, ...next.value }
        next = await archived.next()
      }
      if (order <= 0) await entries.advance()
    }
    for (const step of walk.leaveAll()) yield step
    return walk.finish()
  } finally {
    await entries.close()
    await archived.return?.()
  }
}

class TargetWalk {
  readonly #what: string
  readonly #levels: Level[]
  readonly #stateHash = new StateHash()
  /** Sum of what sources give less what renamed files take: zero where each of them has its own. */
  #balance = 0n

  constructor(root: { readonly before: FolderState | undefined; readonly after: FolderState }, what: string) {
    this.#levels = [{ path: '', ...root, entriesBefore: 0, isTouched: true }]
    this.#what = what
  }

  /** Leaves the folders that `path` is not in. */
  *leaveFor(path: string): Generator<FolderStep> {
    for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
      if (level.path === '' || isBelow(path, level.path)) return
      yield* this.#leave()
    }
  }

  *leaveAll(): Generator<FolderStep> {
    while (this.#levels.length > 0) yield* this.#leave()
  }

  /** Takes an entry that stays as it is. */
  keep({ path, state }: IndexEntry): void {
    const parent = this.#parentOf(path)
    parent.entriesBefore++
    if (parent.after === undefined) throw this.#damaged(`'${path}' stays in a folder that goes`)
    this.#stateHash.add(path, state)
    if (state.type === 'dir') this.#enter(path, state, state, false)
  }

  /** Takes a change and what the base has there. Says whether the folder around it is there before and after. */
  take(change: Change, entry: IndexEntry | undefined): boolean {
    const { path, before, after } = change
    if (isChange(entry?.state, before)) throw wrongBase(path, entry, change)
    const parent = this.#parentOf(path)
    if (before !== undefined) parent.entriesBefore++
    if (after !== undefined) {
      if (parent.after === undefined) throw this.#damaged(`'${path}' would lie in something that is not a folder`)
      this.#stateHash.add(path, after)
    }
    if (replacesEntry(change)) parent.isTouched = true
    this.#count(change)
    const wasFolder = before?.type === 'dir' ? before : undefined
    const isFolder = after?.type === 'dir' ? after : undefined
    if (wasFolder !== undefined || isFolder !== undefined) this.#enter(path, wasFolder, isFolder, true)
    return parent.before !== undefined && parent.after !== undefined
  }

  finish(): string {
    if (this.#balance !== 0n) throw this.#damaged('renamed files and what they were before do not fit together')
    return this.#stateHash.finish()
  }

  #enter(path: string, before: FolderState | undefined, after: FolderState | undefined, isTouched: boolean): void {
    this.#levels.push({ path, before, after, entriesBefore: 0, isTouched })
  }

  *#leave(): Generator<FolderStep> {
    const level = this.#levels.pop()
    if (level === undefined || !level.isTouched) return
    const { path, before, after, entriesBefore } = level
    yield { kind: 'folder', path, before, after, entriesBefore }
  }

  #parentOf(path: string): Level {
    const parent = this.#levels.at(-1)
    if (parent?.path === parentPath(path)) return parent
    throw this.#damaged(`'${path}' would lie in something that is not a folder`)
  }

  /** Sums of hashes, so that millions of renamed files take no memory. */
  #count({ path, before, after, source, isSource }: Change): void {
    if (isSource && before?.type === 'file') this.#balance += numberFor(path, before.hash, before.size)
    if (source !== undefined && after?.type === 'file') this.#balance -= numberFor(source, after.hash, after.size)
    this.#balance %= MODULUS
  }

  #damaged(why: string): VarveError {
    return new VarveError('ERR_VARVE_DAMAGED', `${this.#what} makes no sense: ${why}`)
  }
}

function numberFor(path: string, contentHash: string, size: number): bigint {
  const key = Buffer.concat([nameToBytes(path), Buffer.from(`\0${contentHash}\0${size}`)])
  return BigInt(`0x${hash('sha256', key, 'hex')}`)
}

function wrongBase(path: string, entry: IndexEntry | undefined, { before }: Change): VarveError {
  const why =
    entry === undefined
      ? 'is not there'
      : before === undefined
        ? 'is there already'
        : isSameState({ ...entry.state, mtime: 0n }, { ...before, mtime: 0n })
          ? 'has another time of modification'
          : 'is not what it was'
  return new VarveError('ERR_VARVE_WRONG_BASE', `the archive is for another state of the directory: '${path}' ${why}`)
}
