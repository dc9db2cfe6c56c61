import { describeError, isVarveError } from '@varve/platform/errors'
import type { Id } from '../repository/id.ts'
import type { OpenRepository } from '../repository/repository.ts'
import type { Snapshot } from '../repository/snapshot.ts'
import type { BlobSaver } from './blob-saver.ts'

/** When what is done is kept. */
export interface CheckpointRule {
  /** After so many bytes have been read. */
  readonly bytes: number
  /**
   * After so many milliseconds, if a sixteenth of `bytes` has been read meanwhile; after ten times as many, if anything has. So packs that are
   * not full yet stay few where the storage is slow.
   */
  readonly milliseconds: number
  /** The share of the time that checkpoints may take, though saving goes on meanwhile; half of it if left out. */
  readonly share?: number
}

/** What an interruption may cost: a minute, and never more than a few gigabytes. */
export const DEFAULT_CHECKPOINT_RULE: CheckpointRule = { bytes: 4 * 1024 ** 3, milliseconds: 60_000 }

/** How often it is looked at whether a checkpoint is due, at most, in milliseconds. */
const TICK_MS = 100
/** … and after how many entries. */
const ENTRIES_BETWEEN_LOOKS = 16
const DEFAULT_SHARE = 1 / 2
/** How long whoever asks a snapshot to stop waits for the last checkpoint, in milliseconds. */
const LAST_MS = 5_000

/** What checkpoints work with. */
export interface CheckpointContext {
  readonly repository: OpenRepository
  readonly saver: Pick<BlobSaver, 'bytesRead' | 'flush' | 'flushIndex'>
  readonly rule: CheckpointRule
  /** Saves the trees of what is done so far; undefined where that is nothing. */
  readonly saveTree: () => Id | undefined
  /** The partial snapshot with that root. */
  readonly describe: (tree: Id) => Snapshot
  /** Resolves when the lock on the repository certainly holds. Rejects when it is lost. */
  readonly confirmLock: () => Promise<void>
  /** Takes what kept a checkpoint from being made: the snapshot goes on without. */
  readonly onFailure: (message: string) => void
  /** A clock in milliseconds. */
  readonly now?: () => number
}

/**
 * Keeps what a long snapshot has done as a partial snapshot, again and again, so that one that is interrupted need not start anew. At each checkpoint
 * threads hand over the packs that they are filling, in the middle of a file too; the index names all packs; and then a snapshot of all
 * that is complete takes the place of the one of the checkpoint before. Saving goes on meanwhile.
 */
export class Checkpoints {
  readonly #context: CheckpointContext
  readonly #now: () => number
  readonly #kept: Id[] = []
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #abandoned = false
  #tree: Id | undefined
  #bytesAt = 0
  #startedAt: number
  #indexedAt: number
  #pause = 0
  #entries = 0

  constructor(context: CheckpointContext) {
    this.#context = context
    this.#now = context.now ?? (() => performance.now())
    this.#startedAt = this.#now()
    this.#indexedAt = this.#startedAt
  }

  /** The partial snapshots that are stored, the latest last: one, or more where an old one could not be removed. */
  get kept(): readonly Id[] {
    return this.#kept
  }

  /** Starts to look whether a checkpoint is due. */
  start(): void {
    const tick = Math.min(TICK_MS, Math.max(1, this.#context.rule.milliseconds / 4))
    this.#timer = setInterval(() => this.#look(), tick).unref()
  }

  /** An entry has been dealt with: looks whether a checkpoint is due. */
  noteEntry(): void {
    if (++this.#entries % ENTRIES_BETWEEN_LOOKS === 0 && this.#timer !== undefined) this.#look()
  }

  /** Ends that, and waits for a checkpoint that is being made. Idempotent. */
  async stop(): Promise<void> {
    this.#endTicks()
    await this.#running
  }

  /** As `stop`, but what is being made comes to nothing. To be called before the saver is closed, and awaited after. */
  async abandon(): Promise<void> {
    this.#endTicks()
    this.#abandoned = true
    await this.#running
  }

  /** Makes a last checkpoint where it is worth it and quickly done: for a snapshot that is to stop. Rejects never. */
  async last(): Promise<void> {
    this.#endTicks()
    const limit = Promise.withResolvers<void>()
    const timer = setTimeout(limit.resolve, LAST_MS)
    await Promise.race([this.#makeLast(), limit.promise])
    clearTimeout(timer)
    this.#abandoned = true
  }

  async #makeLast(): Promise<void> {
    await this.#running
    const { bytes, milliseconds } = this.#context.rule
    const read = this.#bytesSince()
    const elapsed = this.#now() - this.#startedAt
    if (this.#abandoned || read === 0 || (read < bytes / 16 && elapsed < milliseconds / 2)) return
    this.#begin()
    await this.#running
  }

  #look(): void {
    if (this.#running === undefined) {
      if (this.#isDue()) this.#begin()
    } else if (this.#now() - this.#indexedAt >= this.#context.rule.milliseconds) {
      // A checkpoint waits for what is before it; what is stored meanwhile need not wait to be found again.
      this.#indexedAt = this.#now()
      this.#context.saver.flushIndex().catch((error: unknown) => this.#tellFailure(error))
    }
  }

  #isDue(): boolean {
    const read = this.#bytesSince()
    const elapsed = this.#now() - this.#startedAt
    if (read === 0 || elapsed < this.#pause) return false
    const { bytes, milliseconds } = this.#context.rule
    return read >= bytes || elapsed >= (read >= bytes / 16 ? 1 : 10) * milliseconds
  }

  #bytesSince(): number {
    return this.#context.saver.bytesRead - this.#bytesAt
  }

  #begin(): void {
    this.#bytesAt = this.#context.saver.bytesRead
    this.#startedAt = this.#now()
    this.#indexedAt = this.#startedAt
    this.#running = this.#make()
      .catch((error: unknown) => this.#tellFailure(error))
      .finally(() => {
        this.#pause = (this.#now() - this.#startedAt) / (this.#context.rule.share ?? DEFAULT_SHARE)
        this.#running = undefined
      })
  }

  async #make(): Promise<void> {
    const { repository, saver, saveTree, describe, confirmLock } = this.#context
    // Whoever has noted an entry may be in the middle of putting it into its folder.
    await Promise.resolve()
    const tree = saveTree()
    // Its figures are those of this moment, too.
    const partial = tree === undefined ? undefined : describe(tree)
    await saver.flush()
    if (partial === undefined || tree === this.#tree) return
    await confirmLock()
    if (this.#abandoned) return
    this.#kept.push(await repository.saveSnapshot(partial))
    this.#tree = tree
    for (let old = this.#kept[0]; old !== undefined && this.#kept.length > 1; old = this.#kept[0]) {
      await removeSnapshot(repository, old)
      this.#kept.shift()
    }
  }

  #tellFailure(error: unknown): void {
    if (!this.#abandoned) this.#context.onFailure(describeError(error))
  }

  #endTicks(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

/** Removes a snapshot, if it is still there. @throws ERR_VARVE_STORAGE */
export async function removeSnapshot(repository: OpenRepository, id: Id): Promise<void> {
  try {
    await repository.removeUnpacked('snapshot', id)
  } catch (error) {
    if (!isVarveError(error, 'ERR_VARVE_NOT_FOUND')) throw error
  }
}
