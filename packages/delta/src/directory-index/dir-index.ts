import { lstatSync, realpathSync, type BigIntStats } from 'node:fs'
import { open } from 'node:fs/promises'
import { currentPlatform, type LongCall, type Problem } from '@varve/platform'
import { describeError, systemErrorCode, VarveError } from '@varve/platform/errors'
import { nameFromBytes, nameToBytes, toFsPath } from '@varve/platform/file-name'
import { ByteWriter } from './byte-writer.ts'
import { encodeEntry } from './entry-encoding.ts'
import { LONGEST_PATH } from './entry-path.ts'
import type { IndexEntry, RootMetadata } from './entry.ts'
import { DEFAULT_RULES, Exclusion, type ExclusionRules } from './exclusion-rules.ts'
import { indexEntries, type UnchangedRule } from './index-entries.ts'
import { encodeFooter, encodeHeader, INDEX_FORMAT, isExcludeFile, type IndexHeader } from './index-format.ts'
import { readIndex, type IndexSummary } from './index-reader.ts'
import { ProgressMeter } from './progress-meter.ts'
import { readFailure } from './read-failure.ts'
import { RecordEncoder } from './record-encoder.ts'
import { StateHash } from './state-hash.ts'
import { Spool } from '../spool/spool.ts'
import { StoredBytes } from '../spool/stored-bytes.ts'

/** As many patterns as an index can name. */
const MOST_PATTERNS = 0xffff

/** Bytes that are collected before they are written. */
const PIECE = 256 * 1024

/** How to index a folder. */
export interface DirIndexOptions extends Pick<LongCall, 'signal' | 'onProgress'> {
  /**
   * An earlier index of the same folder: files that did not change since are not read again. Its rules are the default for what is left out.
   */
  readonly previous?: DirIndex
  /** When a file counts as unchanged since `previous`; by default `status`. */
  readonly unchanged?: UnchangedRule
  /** Name of the file at the top of the folder that holds patterns of what to leave out; the empty string for none. By default `.exclude`. */
  readonly excludeFile?: string
  /** Patterns, as in gitignore(5), of what to leave out; by default `.git/`, `.hg/` and `.svn/`. */
  readonly excludes?: readonly string[]
  /** Whether files get block signatures, which deltas need; by default they do. */
  readonly signatures?: boolean
  /** Told of each entry that could not be read as it is: `problemCount` counts them. */
  readonly onProblem?: (problem: Problem) => void
  /** What time it is, in milliseconds since 1970; `Date.now` by default. */
  readonly now?: () => number
}

/**
 * The state of a directory: its files with their hashes and block signatures, folders, symbolic links, FIFOs and devices, with permissions and times. Lies in
 * a file, or in memory where it is small; entries are read from there each time, in order, so that a million of them take no more memory than ten.
 *
 * `close` it, or declare it with `await using`.
 */
export class DirIndex implements IndexSummary, AsyncDisposable {
  readonly rules: ExclusionRules
  readonly startedAt: bigint
  readonly root: RootMetadata | undefined
  readonly entryCount: number
  readonly totalSize: number
  readonly problemCount: number
  readonly stateHash: string
  readonly #stored: StoredBytes
  readonly #what: string

  private constructor(stored: StoredBytes, summary: IndexSummary, what: string) {
    this.rules = summary.rules
    this.startedAt = summary.startedAt
    this.root = summary.root
    this.entryCount = summary.entryCount
    this.totalSize = summary.totalSize
    this.problemCount = summary.problemCount
    this.stateHash = summary.stateHash
    this.#stored = stored
    this.#what = what
  }

  /**
   * Indexes a folder as it is now.
   *
   * @param folder - a path; where it leads through symbolic links they are followed, below it none is
   * @throws ERR_VARVE_SOURCE where it is no folder or cannot be listed, or where its exclude file cannot be read; ERR_VARVE_BAD_ARGUMENT; ERR_VARVE_STORAGE
   *   where no temporary file can be written; ERR_VARVE_ABORTED
   */
  static async fromFolder(folder: string, options: DirIndexOptions = {}): Promise<DirIndex> {
    const { previous, signal, now = Date.now } = options
    const rules = rulesOf(options)
    const startedAt = BigInt(now()) * 1_000_000n
    const path = resolveFolder(folder)
    const platform = currentPlatform()
    const meter = new ProgressMeter('indexing', options.onProgress)
    const maker = new IndexMaker({ rules, startedAt, root: rootMetadata(path.stats, platform.posixMode(path.stats)) })
    try {
      const entries = indexEntries(path.real, {
        exclusion: Exclusion.of(path.real, rules),
        platform,
        previous: previous && { entries: previous.entries(), startedAt: previous.startedAt },
        unchanged: options.unchanged ?? 'status',
        signatures: options.signatures ?? true,
        signal,
        meter,
        onProblem: (problem) => {
          maker.problemCount++
          options.onProblem?.(problem)
        },
      })
      for await (const entry of entries) await maker.add(entry)
      meter.finish()
      const { stored, summary } = await maker.finish()
      return new DirIndex(stored, summary, `the index of '${folder}'`)
    } catch (error) {
      await maker.discard()
      throw sourceFailure(folder, error)
    }
  }

  /**
   * Opens an index that `toFile` wrote, and reads it once to see that it is whole.
   * @throws ERR_VARVE_NOT_FOUND where there is no such file; ERR_VARVE_FORMAT where it is something else; ERR_VARVE_DAMAGED; ERR_VARVE_STORAGE
   */
  static async fromFile(path: string): Promise<DirIndex> {
    const what = `the index '${path}'`
    let file
    try {
      file = await open(toFsPath(path), 'r')
      const stored = new StoredBytes(file, (await file.stat()).size)
      const reading = readIndex(stored.pieces(), what)
      let next = await reading.next()
      while (next.done !== true) next = await reading.next()
      return new DirIndex(stored, next.value, what)
    } catch (error) {
      await file?.close()
      throw readFailure(what, error)
    }
  }

  /** The index of nothing: what a first backup is the difference to. */
  static empty(): DirIndex {
    const header = { rules: DEFAULT_RULES, startedAt: 0n, root: undefined }
    const encoder = new RecordEncoder(INDEX_FORMAT.magic, INDEX_FORMAT.version)
    const writer = new ByteWriter()
    encodeHeader(writer, header)
    encoder.add(writer.bytes)
    const footer = { entryCount: 0, totalSize: 0, problemCount: 0, stateHash: new StateHash().finish() }
    writer.clear()
    encodeFooter(writer, footer)
    encoder.finish(writer.bytes)
    const bytes = encoder.take()
    return new DirIndex(new StoredBytes(bytes, bytes.length), { ...header, ...footer }, 'the empty index')
  }

  /**
   * All entries, a folder before what is in it, names of one folder in the order of their bytes.
   * @throws ERR_VARVE_DAMAGED, at the latest after the last one, where they are not what they were when the index was opened; ERR_VARVE_STORAGE
   */
  async *entries(): AsyncGenerator<IndexEntry, void, undefined> {
    try {
      const summary = yield* readIndex(this.#stored.pieces(), this.#what)
      if (summary.stateHash === this.stateHash && summary.entryCount === this.entryCount) return
    } catch (error) {
      throw readFailure(this.#what, error)
    }
    throw new VarveError('ERR_VARVE_DAMAGED', `${this.#what} changed while it was in use`)
  }

  /**
   * Writes the index to a file, which is replaced if it exists: beside it, flushed, renamed. Entries that are read later still come from where they were.
   * @throws ERR_VARVE_STORAGE
   */
  async toFile(path: string): Promise<void> {
    await this.#stored.toFile(path)
  }

  /** Closes the file that the entries are in. */
  async close(): Promise<void> {
    await this.#stored.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** Writes an index entry by entry. */
class IndexMaker {
  problemCount = 0
  readonly #header: IndexHeader
  readonly #spool = new Spool()
  readonly #encoder = new RecordEncoder(INDEX_FORMAT.magic, INDEX_FORMAT.version)
  readonly #writer = new ByteWriter()
  readonly #stateHash = new StateHash()
  #entryCount = 0
  #totalSize = 0

  constructor(header: IndexHeader) {
    this.#header = header
    encodeHeader(this.#writer, header)
    this.#encoder.add(this.#writer.bytes)
  }

  async add(entry: IndexEntry): Promise<void> {
    this.#writer.clear()
    encodeEntry(this.#writer, entry)
    this.#encoder.add(this.#writer.bytes)
    this.#stateHash.add(entry.path, entry.state)
    this.#entryCount++
    if (entry.state.type === 'file') this.#totalSize += entry.state.size
    if (this.#encoder.pending >= PIECE) await this.#spool.append(this.#encoder.take())
  }

  async finish(): Promise<{ readonly stored: StoredBytes; readonly summary: IndexSummary }> {
    const footer = {
      entryCount: this.#entryCount,
      totalSize: this.#totalSize,
      problemCount: this.problemCount,
      stateHash: this.#stateHash.finish(),
    }
    this.#writer.clear()
    encodeFooter(this.#writer, footer)
    this.#encoder.finish(this.#writer.bytes)
    await this.#spool.append(this.#encoder.take())
    return { stored: this.#spool.take(), summary: { ...this.#header, ...footer } }
  }

  async discard(): Promise<void> {
    await this.#spool.clear()
  }
}

function rulesOf({ previous, excludeFile, excludes }: DirIndexOptions): ExclusionRules {
  const base = previous?.rules ?? DEFAULT_RULES
  const rules = { excludeFile: excludeFile ?? base.excludeFile, excludes: excludes ?? base.excludes }
  if (!isExcludeFile(rules.excludeFile)) {
    throw new VarveError('ERR_VARVE_BAD_ARGUMENT', `'${rules.excludeFile}' cannot be the name of an exclude file`, {
      hint: 'name a file that lies at the top of the folder, without the folders before it',
    })
  }
  if (
    rules.excludes.length > MOST_PATTERNS ||
    rules.excludes.some((pattern) => nameToBytes(pattern).length > LONGEST_PATH)
  ) {
    throw new VarveError(
      'ERR_VARVE_BAD_ARGUMENT',
      `more than ${MOST_PATTERNS} patterns, or one of more than ${LONGEST_PATH} bytes`,
      {
        hint: 'put them into an exclude file',
      },
    )
  }
  return rules
}

function rootMetadata(stats: BigIntStats, posixMode: number): RootMetadata {
  return { mode: posixMode & 0o7777, mtime: stats.mtimeNs }
}

function resolveFolder(folder: string): { readonly real: string; readonly stats: BigIntStats } {
  try {
    const real = nameFromBytes(realpathSync(toFsPath(folder), { encoding: 'buffer' }))
    const stats = lstatSync(toFsPath(real), { bigint: true })
    if (!stats.isDirectory()) throw new VarveError('ERR_VARVE_SOURCE', `'${folder}' is not a folder`)
    return { real, stats }
  } catch (error) {
    throw sourceFailure(folder, error)
  }
}

function sourceFailure(folder: string, error: unknown): unknown {
  if (systemErrorCode(error) === undefined) return error
  return new VarveError('ERR_VARVE_SOURCE', `cannot index '${folder}': ${describeError(error)}`, { cause: error })
}
