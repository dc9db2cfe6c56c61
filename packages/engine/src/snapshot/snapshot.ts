import { lstatSync } from 'node:fs'
import { resolve } from 'node:path'
import { ChunkStream } from '../chunking/chunk-stream.ts'
import { createChunker } from '../chunking/create-chunker.ts'
import { describeError, systemErrorCode, VarveError } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import { currentPlatform } from '@varve/platform'
import type { Platform } from '@varve/platform'
import type { Id } from '../repository/id.ts'
import { withLock } from '../repository/lock.ts'
import type { IndexedRepository, OpenRepository } from '../repository/repository.ts'
import type { Snapshot, StoredSnapshot } from '../repository/snapshot.ts'
import { timestampNow } from '../repository/timestamp.ts'
import { TreeLoader } from '../repository/tree-loader.ts'
import { workerRepository } from '../repository/worker-repository.ts'
import { BlobSaver } from './blob-saver.ts'
import { startEstimate } from './estimate.ts'
import { NodeBuilder } from './node-builder.ts'
import { DEFAULT_PARENT_GROUPING, findParent } from './parent.ts'
import { ProgressMeter, type Position } from './progress-meter.ts'
import { OwnFiles } from './rules/own-files.ts'
import { compileRules } from './rules/rules.ts'
import { Scan } from './scan.ts'
import type { SnapshotOptions, SnapshotResult } from './snapshot-options.ts'
import { sourceFailure } from './source-failure.ts'
import { arrangeSources } from './source-tree.ts'
import { saveStream, streamPath } from './stream-source.ts'
import { Tally } from './tally.ts'

/**
 * Saves files, folders or a stream as a new snapshot. Nothing that the repository holds changes before the very end; packs are
 * stored before the index that names them, and the snapshot last.
 *
 * @throws ERR_VARVE_SOURCE where no source exists, ERR_VARVE_SNAPSHOT_EMPTY, ERR_VARVE_LOCKED, ERR_VARVE_ABORTED, and what the storage throws.
 *   A single entry that cannot be saved is reported through `onProblem` instead, and the rest goes on
 */
export async function snapshot(repository: OpenRepository, options: SnapshotOptions): Promise<SnapshotResult> {
  const { retryLock, signal, noLock = false, dryRun = false } = options
  return withLock(repository, { exclusive: false, noLock: noLock || dryRun, retryLock, signal }, (lockSignal) =>
    new SnapshotRun(repository, options, lockSignal).run(),
  )
}

class SnapshotRun {
  readonly #repository: OpenRepository
  readonly #options: SnapshotOptions
  readonly #signal: AbortSignal
  readonly #platform: Platform = currentPlatform()
  readonly #tally = new Tally()
  readonly #meter: ProgressMeter
  #saver: BlobSaver | undefined
  #scan: Scan | undefined
  #bytesStreamed = 0

  constructor(repository: OpenRepository, options: SnapshotOptions, signal: AbortSignal) {
    this.#repository = repository
    this.#options = options
    this.#signal = signal
    this.#meter = new ProgressMeter(options.onProgress, () => this.#position())
  }

  async run(): Promise<SnapshotResult> {
    const sources = this.#options.stream === undefined ? this.#existingSources() : []
    const described = this.#describe(sources)
    const parent = await this.#parent(described)
    const repository = await this.#repository.loadIndex(this.#signal)
    const saver = new BlobSaver(repository, {
      workers: this.#options.workers,
      dryRun: this.#options.dryRun === true,
      signal: this.#signal,
    })
    this.#saver = saver
    const stopEstimate = this.#startEstimate(repository, sources, parent)
    this.#meter.start()
    try {
      const tree = await this.#save(repository, saver, sources, parent)
      const summary = this.#tally.summary(await saver.finish())
      const result = { parent: parent?.id, summary, problems: this.#meter.problems }
      if (this.#options.skipIfUnchanged === true && parent?.tree === tree)
        return { ...result, snapshot: undefined, skipped: true }
      const made: Snapshot = {
        ...described,
        tree,
        ...(parent === undefined ? {} : { parent: parent.id }),
        summary,
      }
      return { ...result, snapshot: await this.#store(made), skipped: false }
    } finally {
      stopEstimate()
      this.#meter.stop()
      await saver.close()
    }
  }

  async #save(
    repository: IndexedRepository,
    saver: BlobSaver,
    sources: readonly string[],
    parent: StoredSnapshot | undefined,
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
      rule: { ignoreCtime, ignoreInode },
      tally: this.#tally,
      separator: this.#platform.separator,
      withSockets,
      signal: this.#signal,
      onProblem: problem,
      onItem: (item) => this.#options.onItem?.(item),
    })
    this.#scan = scan
    return scan.run(
      arrangeSources(outsideOf(repository, sources), this.#platform),
      parent === undefined ? [] : [parent.tree],
    )
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

  /** The sources that exist, as given. */
  #existingSources(): readonly string[] {
    const paths = this.#options.paths ?? []
    const reasons = new Map<string, unknown>()
    const existing = paths.filter((path) => {
      const reason = whyMissing(path)
      if (reason === undefined) return true
      reasons.set(path, reason)
      if (paths.length > 1) this.#problem(path, isAbsent(reason) ? 'it does not exist' : describeError(reason))
      return false
    })
    if (existing.length > 0) return existing
    for (const [path, reason] of reasons) if (!isAbsent(reason)) throw sourceFailure(path, reason)
    const named = paths.map((path) => `'${path}'`).join(', ')
    throw new VarveError(
      'ERR_VARVE_SOURCE',
      paths.length === 0 ? 'there is nothing to save: no source was named' : `nothing to save: ${named} does not exist`,
    )
  }

  #describe(sources: readonly string[]): Omit<Snapshot, 'tree'> {
    const { stream, host, time, tags, description, rules, programVersion } = this.#options
    const user = this.#platform.accounts.currentUser()
    const excludes = rules?.exclude ?? []
    return {
      time: time ?? timestampNow(),
      paths: stream === undefined ? sources.map(storedPath) : [`/${streamPath(stream.name).join('/')}`],
      hostname: host ?? this.#platform.hostName(),
      username: user.name,
      uid: user.uid,
      gid: user.gid,
      ...(excludes.length === 0 ? {} : { excludes }),
      ...(tags === undefined || tags.length === 0 ? {} : { tags }),
      ...(programVersion === undefined ? {} : { programVersion }),
      ...(description === undefined ? {} : { description }),
    }
  }

  async #parent(described: Omit<Snapshot, 'tree'>): Promise<StoredSnapshot | undefined> {
    const { force, stream, parent, groupBy } = this.#options
    if (force === true || stream !== undefined) return undefined
    const { time, paths, hostname = '', tags = [] } = described
    return findParent(
      this.#repository,
      { host: hostname, paths, tags, time },
      groupBy ?? DEFAULT_PARENT_GROUPING,
      parent,
      ({ message }) => this.#options.onNotice?.(`not compared with a snapshot that cannot be read: ${message}`),
    )
  }

  async #store(made: Snapshot): Promise<StoredSnapshot> {
    if (this.#options.dryRun === true) return { ...made, id: ''.padEnd(64, '0') as Id }
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

/** The error of a source that does not exist, or that nobody lets us look at. */
function whyMissing(path: string): unknown {
  try {
    lstatSync(toFsPath(path))
    return undefined
  } catch (error) {
    return error
  }
}

function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')
}

/** Sources that are no part of the repository. One within it would have the folders around it listed, and what is in them saved. */
function outsideOf({ storage }: IndexedRepository, sources: readonly string[]): readonly string[] {
  const own = new OwnFiles(storage.localPaths)
  return sources.filter((source) => !own.contains(resolve(source)))
}

/** As a snapshot keeps it: JSON has no room for bytes that are not UTF-8, and the next snapshot looks for its parent by what was kept. */
function storedPath(source: string): string {
  return resolve(source).toWellFormed()
}
