import { currentPlatform, type Problem } from '@varve/platform'
import { throwIfAborted } from '@varve/platform/errors'
import type { Id } from '../../repository/id.ts'
import { withLock } from '../../repository/lock.ts'
import type { OpenRepository } from '../../repository/repository.ts'
import type { Snapshot, StoredSnapshot } from '../../repository/snapshot.ts'
import { timestampToNanoseconds } from '../../repository/timestamp.ts'
import { encodeTree } from '../../repository/tree-encoding.ts'
import { BlobSaver } from '../blob-saver.ts'
import { DEFAULT_CHECKPOINT_RULE } from '../checkpoints.ts'
import { ProgressMeter } from '../progress-meter.ts'
import { NOTHING_ADDED, type AddedBlobs } from '../save-jobs.ts'
import { Tally } from '../tally.ts'
import { ImportedContents, type PendingContent } from './imported-contents.ts'
import { ImportedFolder, ImportedTrees } from './imported-tree.ts'
import type { ImportedEntry, ImportedResult, ImportedSnapshot, ImportOptions } from './import-options.ts'

/**
 * Saves snapshots whose entries are told, not looked for in a folder: what another program kept becomes a history in the repository. They are stored in
 * their order, each when all that it needs is durable; what several have in common is read once.
 *
 * @param snapshots - taken one after the other; the next is asked for when the entries of the one before have been gone through
 * @returns what became of each
 * @throws ERR_VARVE_BAD_ARGUMENT where paths of entries make no tree, ERR_VARVE_LOCKED, ERR_VARVE_LOCK_LOST, ERR_VARVE_ABORTED, and what the storage and
 *   `snapshots` throw. Snapshots that were stored by then stay
 */
export async function importSnapshots(
  repository: OpenRepository,
  snapshots: Iterable<ImportedSnapshot> | AsyncIterable<ImportedSnapshot>,
  options: ImportOptions = {},
): Promise<readonly ImportedResult[]> {
  const { noLock = false, dryRun = false, retryLock, signal } = options
  const lock = { exclusive: false, noLock: noLock || dryRun, retryLock, signal, settleMeanwhile: true }
  return await withLock(repository, lock, async (held, confirmLock) => {
    const indexed = await repository.loadIndex(held)
    const saver = new BlobSaver(indexed, { workers: options.workers, dryRun, signal: held, confirmLock })
    const run = new ImportRun(repository, saver, options, held, confirmLock)
    try {
      return await run.run(snapshots)
    } finally {
      run.stop()
      await saver.close()
    }
  })
}

/** A snapshot that is complete but for being stored. */
interface WaitingSnapshot {
  readonly made: Omit<Snapshot, 'parent'> | undefined
  readonly problems: readonly Problem[]
}

class ImportRun {
  readonly #repository: OpenRepository
  readonly #saver: BlobSaver
  readonly #options: ImportOptions
  readonly #signal: AbortSignal
  readonly #confirmLock: () => Promise<void>
  readonly #platform = currentPlatform()
  readonly #contents: ImportedContents
  readonly #trees: ImportedTrees
  readonly #meter: ProgressMeter
  readonly #results: ImportedResult[] = []
  #waiting: WaitingSnapshot[] = []
  #added: AddedBlobs = NOTHING_ADDED
  #storedAt = performance.now()
  #filesDone = 0
  #current = ''

  constructor(
    repository: OpenRepository,
    saver: BlobSaver,
    options: ImportOptions,
    signal: AbortSignal,
    confirmLock: () => Promise<void>,
  ) {
    this.#repository = repository
    this.#saver = saver
    this.#options = options
    this.#signal = signal
    this.#confirmLock = confirmLock
    this.#contents = new ImportedContents(saver)
    this.#trees = new ImportedTrees({
      platform: this.#platform,
      save: (nodes) => saver.saveBlob('tree', encodeTree(nodes)),
    })
    this.#meter = new ProgressMeter(options.onProgress, () => ({
      filesDone: this.#filesDone,
      bytesDone: saver.bytesRead,
      current: [this.#current, ...saver.reading].filter((path) => path !== ''),
    }))
  }

  async run(
    snapshots: Iterable<ImportedSnapshot> | AsyncIterable<ImportedSnapshot>,
  ): Promise<readonly ImportedResult[]> {
    const { storeEvery = DEFAULT_CHECKPOINT_RULE.milliseconds } = this.#options
    this.#meter.start()
    for await (const snapshot of snapshots) {
      throwIfAborted(this.#signal)
      this.#waiting.push(await this.#make(snapshot))
      if (performance.now() - this.#storedAt >= storeEvery) {
        await this.#saver.flush()
        await this.#store()
      }
    }
    await this.#saver.finish()
    await this.#store()
    return this.#results
  }

  stop(): void {
    this.#meter.stop()
  }

  async #make({ entries, describe, knownTrees }: ImportedSnapshot): Promise<WaitingSnapshot> {
    const tally = new Tally()
    const problems: Problem[] = []
    const files: [Extract<ImportedEntry, { readonly type: 'file' }>, PendingContent][] = []
    const root = new ImportedFolder()
    for (const entry of entries) {
      this.#current = entry.path
      if (entry.type === 'file') files.push([entry, await this.#contents.save(entry)])
      else root.add(entry, [])
      this.#filesDone++
    }
    await this.#saver.filesDone()
    for (const [entry, { outcome }] of files) {
      if (outcome === undefined) throw new Error(`nobody knows what became of '${entry.path}'`)
      const failure = outcome.kind === 'failed' ? outcome.message : sizeProblem(entry.size, outcome.size)
      if (failure === undefined && outcome.kind === 'saved') root.add(entry, outcome.ids)
      else this.#report({ path: entry.path, message: failure ?? '' }, problems)
    }
    const described = describe(problems)
    const { uid, gid, name: username } = this.#platform.accounts.currentUser()
    const leading = { type: 'dir', mode: 0o755, mtime: timestampToNanoseconds(described.time), uid, gid } as const
    const tree = this.#trees.make(root, leading, (node, action) => tally.count(node, action))
    await this.#saver.room()
    if (knownTrees?.has(tree) === true) return { made: undefined, problems }
    const { hostname = this.#platform.hostName(), ...rest } = described
    const { programVersion } = this.#options
    const summary = tally.summary(this.#addedSince())
    const program = programVersion === undefined ? {} : { programVersion }
    return { made: { ...rest, ...program, tree, hostname, username, uid, gid, summary }, problems }
  }

  #addedSince(): AddedBlobs {
    const [before, now] = [this.#added, this.#saver.added]
    this.#added = now
    return {
      dataBlobs: now.dataBlobs - before.dataBlobs,
      treeBlobs: now.treeBlobs - before.treeBlobs,
      bytes: now.bytes - before.bytes,
      packedBytes: now.packedBytes - before.packedBytes,
    }
  }

  #report(problem: Problem, problems: Problem[]): void {
    problems.push(problem)
    this.#meter.problems++
    this.#options.onProblem?.(problem)
  }

  /** Stores the snapshots that wait for it: all that they need is durable, and the index names it. */
  async #store(): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = []
    for (const { made, problems } of waiting) {
      throwIfAborted(this.#signal)
      this.#results.push({ snapshot: made === undefined ? undefined : await this.#storeOne(made), problems })
    }
    this.#storedAt = performance.now()
  }

  async #storeOne(made: Omit<Snapshot, 'parent'>): Promise<StoredSnapshot> {
    if (this.#options.dryRun === true) return { ...made, id: ''.padEnd(64, '0') as Id }
    await this.#confirmLock()
    return { ...made, id: await this.#repository.saveSnapshot(made) }
  }
}

function sizeProblem(wanted: number, found: number): string | undefined {
  return wanted === found ? undefined : `it has ${found} bytes, and should have ${wanted}`
}
