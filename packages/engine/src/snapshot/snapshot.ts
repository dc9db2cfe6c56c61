import { resolve } from 'node:path'
import { ChunkStream } from '../chunking/chunk-stream.ts'
import { createChunker } from '../chunking/create-chunker.ts'
import { describeError, isVarveError, VarveError } from '@varve/platform/errors'
import { currentPlatform, type Platform } from '@varve/platform'
import { shortId, type Id } from '../repository/id.ts'
import { withLock } from '../repository/lock.ts'
import { isPartial, markPartial, PARTIAL_TAG } from '../repository/partial-snapshot.ts'
import type { IndexedRepository, OpenRepository } from '../repository/repository.ts'
import type { Snapshot, StoredSnapshot } from '../repository/snapshot.ts'
import { timestampNow } from '../repository/timestamp.ts'
import { TreeLoader } from '../repository/tree-loader.ts'
import { workerRepository } from '../repository/worker-repository.ts'
import { BlobSaver } from './blob-saver.ts'
import { Checkpoints, DEFAULT_CHECKPOINT_RULE, removeSnapshot } from './checkpoints.ts'
import { describeSnapshot, describeTree, type DescribedSnapshot } from './describe-snapshot.ts'
import { startEstimate } from './estimate.ts'
import { existingSources } from './existing-sources.ts'
import { NodeBuilder } from './node-builder.ts'
import { chooseParents, DEFAULT_PARENT_GROUPING, supersededBy, type Parents } from './parent.ts'
import { ProgressMeter, type Position } from './progress-meter.ts'
import { OwnFiles } from './rules/own-files.ts'
import { compileRules } from './rules/rules.ts'
import { Scan } from './scan.ts'
import type { SnapshotOptions, SnapshotResult } from './snapshot-options.ts'
import { arrangeSources } from './source-tree.ts'
import { saveStream } from './stream-source.ts'
import { Tally } from './tally.ts'
import { aheadOf } from './walk-ahead.ts'

/**
 * Saves files, folders or a stream as a new snapshot. Nothing that the repository holds changes before the very end; packs are
 * stored before the index that names them, and the snapshot last. One that takes long keeps what it has done as a partial snapshot from time to time, which the
 * next one goes on from, and removes when it is done.
 *
 * @throws ERR_VARVE_SOURCE where no source exists, ERR_VARVE_SNAPSHOT_EMPTY, ERR_VARVE_LOCKED, ERR_VARVE_ABORTED, and what the storage throws.
 *   A single entry that cannot be saved is reported through `onProblem` instead, and the rest goes on
 */
export async function snapshot(repository: OpenRepository, options: SnapshotOptions): Promise<SnapshotResult> {
  const { retryLock, signal, noLock = false, dryRun = false, tags = [] } = options
  if (tags.includes(PARTIAL_TAG)) {
    throw new VarveError(
      'ERR_VARVE_BAD_ARGUMENT',
      `the tag '${PARTIAL_TAG}' is kept for snapshots that were interrupted`,
    )
  }
  const lock = { exclusive: false, noLock: noLock || dryRun, retryLock, signal, settleMeanwhile: true }
  return withLock(repository, lock, (...held) => new SnapshotRun(repository, options, ...held).run())
}

class SnapshotRun {
  readonly #repository: OpenRepository
  readonly #options: SnapshotOptions
  readonly #signal: AbortSignal
  readonly #confirmLock: () => Promise<void>
  readonly #platform: Platform = currentPlatform()
  readonly #tally = new Tally()
  readonly #meter: ProgressMeter
  #saver: BlobSaver | undefined
  #scan: Scan | undefined
  #checkpoints: Checkpoints | undefined
  #known: readonly StoredSnapshot[] | undefined
  #bytesStreamed = 0

  constructor(
    repository: OpenRepository,
    options: SnapshotOptions,
    signal: AbortSignal,
    confirmLock: () => Promise<void>,
  ) {
    this.#repository = repository
    this.#options = options
    this.#signal = signal
    this.#confirmLock = confirmLock
    this.#meter = new ProgressMeter(options.onProgress, () => this.#position())
  }

  async run(): Promise<SnapshotResult> {
    const { stream, paths = [] } = this.#options
    const sources = stream === undefined ? existingSources(paths, (path, message) => this.#problem(path, message)) : []
    const described = describeSnapshot(this.#options, sources, this.#platform)
    const parents = await this.#parents(described)
    const { parent } = parents
    const repository = await this.#repository.loadIndex(this.#signal)
    const saver = new BlobSaver(repository, {
      workers: this.#options.workers,
      dryRun: this.#options.dryRun === true,
      signal: this.#signal,
      confirmLock: this.#confirmLock,
    })
    this.#saver = saver
    const stopEstimate = this.#startEstimate(repository, sources, parent)
    this.#checkpoints = this.#makeCheckpoints(saver, described, parent)
    const checkpoints = this.#checkpoints
    this.#meter.start()
    checkpoints?.start()
    try {
      const tree = await this.#save(repository, saver, sources, parents)
      await checkpoints?.stop()
      const summary = this.#tally.summary(await saver.finish())
      const resumed = parents.partials.map(({ id }) => id)
      const result = { parent: parent?.id, resumed, summary, problems: this.#meter.problems }
      const skipped = this.#options.skipIfUnchanged === true && parent?.tree === tree
      const stored = skipped ? undefined : await this.#store(describeTree(described, tree, parent, summary))
      await this.#removePartials(described, checkpoints?.kept ?? [])
      return { ...result, snapshot: stored, skipped }
    } catch (error) {
      await this.#keepWhenStopped(error)
      throw error
    } finally {
      stopEstimate()
      this.#meter.stop()
      const abandoned = checkpoints?.abandon()
      await saver.close()
      await abandoned
    }
  }

  async #save(
    repository: IndexedRepository,
    saver: BlobSaver,
    sources: readonly string[],
    { parent, partials }: Parents,
  ): Promise<Id> {
    const {
      stream,
      rules = {},
      withAtime = false,
      withSockets = false,
      ignoreCtime = false,
      ignoreInode = false,
    } = this.#options
    if (stream !== undefined) {
      const chunks = new ChunkStream(createChunker(workerRepository(repository).chunker))
      const time = this.#options.time ?? timestampNow()
      const onRead = (bytes: number): void => {
        this.#bytesStreamed += bytes
      }
      return saveStream(stream, {
        saver,
        chunks,
        tally: this.#tally,
        time,
        owner: this.#platform.accounts.currentUser(),
        signal: this.#signal,
        onRead,
        onItem: (item) => this.#options.onItem?.(item),
      })
    }
    if (this.#platform.extendedAttributes === undefined) {
      this.#options.onNotice?.(
        `extended attributes are left out: ${this.#platform.extendedAttributesMissing ?? 'unknown reason'}`,
      )
    }
    const problem = (path: string, message: string): void => this.#problem(path, message)
    const scan = new Scan({
      repository,
      trees: new TreeLoader(repository),
      saver,
      builder: new NodeBuilder(this.#platform, { withAtime, onIncomplete: problem }),
      rules: compileRules(rules, {
        sources,
        ownPaths: repository.storage.localPaths,
        onWarning: ({ path, message }) => problem(path, message),
      }),
      ahead: aheadOf(parent, { rules, sourcePaths: sources, ownPaths: repository.storage.localPaths }),
      rule: { ignoreCtime, ignoreInode },
      tally: this.#tally,
      separator: this.#platform.separator,
      withSockets,
      signal: this.#signal,
      onProblem: problem,
      onItem: (item) => {
        this.#options.onItem?.(item)
        this.#checkpoints?.noteEntry()
      },
    })
    this.#scan = scan
    const previous = [...partials, ...(parent === undefined ? [] : [parent])].map(({ tree }) => tree)
    return scan.run(arrangeSources(outsideOf(repository, sources), this.#platform), previous)
  }

  /** What the parent held is the best guess; without one the sources are counted, for those who show a progress. */
  #startEstimate(
    repository: IndexedRepository,
    sources: readonly string[],
    parent: StoredSnapshot | undefined,
  ): () => void {
    if (parent?.summary !== undefined) {
      this.#meter.expect({ files: parent.summary.totalFilesProcessed, bytes: parent.summary.totalBytesProcessed })
    } else if (this.#options.estimate === true && sources.length > 0) {
      const { rules = {} } = this.#options
      return startEstimate({ sources, rules, ownPaths: repository.storage.localPaths }, (estimate) =>
        this.#meter.expect(estimate),
      )
    }
    return () => undefined
  }

  /** All snapshots, where they are needed for the choice of the parent or for what comes after the snapshot. */
  async #snapshots(): Promise<readonly StoredSnapshot[]> {
    this.#known ??= await this.#repository.snapshots(({ message }) =>
      this.#options.onNotice?.(`not compared with a snapshot that cannot be read: ${message}`),
    )
    return this.#known
  }

  async #parents(described: DescribedSnapshot): Promise<Parents> {
    const { force, stream, parent: wanted, groupBy } = this.#options
    if (force === true || stream !== undefined || wanted === null) return { parent: undefined, partials: [] }
    if (wanted !== undefined) {
      const named = await this.#repository.loadSnapshot(wanted)
      return isPartial(named) ? { parent: undefined, partials: [named] } : { parent: named, partials: [] }
    }
    const { time, paths, hostname = '', tags = [] } = described
    const made = { host: hostname, paths, tags, time }
    const parents = chooseParents(await this.#snapshots(), made, groupBy ?? DEFAULT_PARENT_GROUPING)
    const [latest] = parents.partials
    if (latest !== undefined)
      this.#options.onNotice?.(`goes on from partial snapshot ${shortId(latest.id)}: what it has is not read again`)
    return parents
  }

  #makeCheckpoints(
    saver: BlobSaver,
    described: DescribedSnapshot,
    parent: StoredSnapshot | undefined,
  ): Checkpoints | undefined {
    const { checkpoints: rule = DEFAULT_CHECKPOINT_RULE, stream, dryRun } = this.#options
    if (rule === false || stream !== undefined || dryRun === true) return undefined
    return new Checkpoints({
      repository: this.#repository,
      saver,
      rule,
      saveTree: () => this.#scan?.savePartialTree(),
      describe: (tree) => markPartial(describeTree(described, tree, parent, this.#tally.summary(saver.added))),
      confirmLock: this.#confirmLock,
      onFailure: (message) =>
        this.#options.onNotice?.(`what is done so far could not be kept as a partial snapshot: ${message}`),
    })
  }

  /** Keeps what is done when somebody asked to stop, as far as that is quick; never without a lock. */
  async #keepWhenStopped(error: unknown): Promise<void> {
    const checkpoints = this.#checkpoints
    const isLost = isVarveError(this.#signal.reason, 'ERR_VARVE_LOCK_LOST')
    if (checkpoints === undefined || isLost || !isVarveError(error, 'ERR_VARVE_ABORTED')) return
    await checkpoints.last()
    const kept = checkpoints.kept.at(-1)
    if (kept !== undefined)
      this.#options.onNotice?.(`kept as partial snapshot ${shortId(kept)}: the next snapshot goes on from there`)
  }

  /**
   * Removes the partial snapshots that a good one has made superfluous. One that could not read everything leaves those of others alone, which may
   * hold what it could not read. Whatever becomes of that, the snapshot is there.
   */
  async #removePartials(good: DescribedSnapshot, own: readonly Id[]): Promise<void> {
    const { stream, dryRun } = this.#options
    if (stream !== undefined || dryRun === true) return
    try {
      const superseded = this.#meter.problems > 0 ? [] : supersededBy(await this.#snapshots(), good)
      for (const id of [...superseded.map(({ id }) => id), ...own]) {
        await this.#confirmLock()
        await removeSnapshot(this.#repository, id)
      }
    } catch (error) {
      this.#options.onNotice?.(`a partial snapshot could not be removed: ${describeError(error)}`)
    }
  }

  async #store(made: Snapshot): Promise<StoredSnapshot> {
    if (this.#options.dryRun === true) return { ...made, id: ''.padEnd(64, '0') as Id }
    await this.#confirmLock()
    return { ...made, id: await this.#repository.saveSnapshot(made) }
  }

  #position(): Position {
    const read = (this.#saver?.bytesRead ?? 0) + this.#bytesStreamed
    return {
      filesDone: this.#tally.filesDone,
      bytesDone: this.#tally.bytesTakenOver + read,
      current: [this.#scan?.path ?? this.#options.stream?.name ?? '', ...(this.#saver?.reading ?? [])].filter(
        (path) => path !== '',
      ),
    }
  }

  #problem(path: string, message: string): void {
    this.#meter.problems++
    this.#options.onProblem?.({ path, message })
  }
}

/** Sources that are no part of the repository. One within it would have the folders around it listed, and what is in them saved. */
function outsideOf({ storage }: IndexedRepository, sources: readonly string[]): readonly string[] {
  const own = new OwnFiles(storage.localPaths)
  return sources.filter((source) => !own.contains(resolve(source)))
}
