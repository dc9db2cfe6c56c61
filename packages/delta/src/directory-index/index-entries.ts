import { readlinkSync, type BigIntStats } from 'node:fs'
import type { Platform, Problem } from '@varve/platform'
import { describeError, systemErrorCode, throwIfAborted } from '@varve/platform/errors'
import { nameFromBytes, toFsPath } from '@varve/platform/file-name'
import { breathe } from '@varve/platform'
import type { EntryState, FileState, IndexEntry } from './entry.ts'
import { EntryCursor } from './entry-cursor.ts'
import type { Exclusion } from './exclusion-rules.ts'
import { LARGEST_WITHOUT_SIGNATURE, readFileContent } from './file-content.ts'
import type { ProgressMeter } from './progress-meter.ts'
import { walkFolder } from './walk-folder.ts'

/**
 * When a file counts as unchanged since the previous index, so that it is not read:
 *
 * - `status`: when size, time of modification, time of status change and inode are the same. No program can set the time of status change.
 * - `times`: when size and time of modification are the same. For folders that were copied, or file systems that number files anew.
 * - `never`: all files are read.
 *
 * Where a file was modified so shortly before the previous index began that a later change might have left no trace, it is read in any case.
 */
export type UnchangedRule = 'status' | 'times' | 'never'

/** The coarsest that file systems keep times, in nanoseconds: two seconds, on FAT. */
const COARSEST_TIME = 2_000_000_000n

const LINK_MODE = 0o777
const PERMISSIONS = 0o7777

/** An earlier index of the same folder. */
export interface PreviousIndex {
  readonly entries: AsyncIterable<IndexEntry>
  /** When it was begun, in nanoseconds since 1970. */
  readonly startedAt: bigint
}

/** What indexing a folder needs. */
export interface IndexingOptions {
  readonly exclusion: Exclusion
  readonly platform: Platform
  readonly previous: PreviousIndex | undefined
  readonly unchanged: UnchangedRule
  readonly signatures: boolean
  readonly signal: AbortSignal | undefined
  readonly meter: ProgressMeter
  /** Told of each entry that could not be read as it is. */
  readonly onProblem: (problem: Problem) => void
}

/**
 * Entries of a folder as they are now, in order. Files that `previous` shows to be unchanged are not read. What cannot be read is reported, and stays as it
 * was in `previous`: an index without it would say that it was deleted.
 *
 * @param folder - absolute
 * @throws the system's error where `folder` itself cannot be listed; ERR_VARVE_ABORTED; what `previous` throws
 */
export async function* indexEntries(folder: string, options: IndexingOptions): AsyncGenerator<IndexEntry> {
  const { exclusion, previous, signal, meter } = options
  const before = previous === undefined ? undefined : new EntryCursor(previous.entries)
  const report = (path: string, message: string): void => {
    meter.errors++
    options.onProblem({ path, message })
  }
  try {
    for (const found of walkFolder(folder, exclusion)) {
      throwIfAborted(signal)
      await breathe()
      const { path } = found
      if (found.kind === 'changed') {
        report(path, 'the folder changed while it was being indexed')
        continue
      }
      const known = await before?.find(path)
      if (found.kind === 'failure') {
        report(path, withFate(found.message, known))
        if (known !== undefined && !found.isListing) yield known
        if (before !== undefined) yield* before.below(path)
        continue
      }
      try {
        const entry = await indexEntry(folder, found.path, found.stats, known, options, report)
        meter.filesDone++
        meter.tick(path)
        if (entry !== undefined) yield entry
      } catch (error) {
        if (systemErrorCode(error) === undefined) throw error
        // Its folder is reported as changed.
        if (systemErrorCode(error) === 'ENOENT') continue
        const kept = known?.state.type === 'file' ? known : undefined
        report(path, withFate(describeError(error), kept))
        if (kept !== undefined) yield kept
      }
    }
  } finally {
    await before?.close()
  }
}

async function indexEntry(
  folder: string,
  path: string,
  stats: BigIntStats,
  known: IndexEntry | undefined,
  options: IndexingOptions,
  report: (path: string, message: string) => void,
): Promise<IndexEntry | undefined> {
  if (!stats.isFile()) {
    const state = stateOf(`${folder}/${path}`, stats, options.platform)
    if (state === undefined) report(path, 'it is of a kind that cannot be kept')
    return state && { path, state }
  }
  const { previous, unchanged, signatures, signal, meter, platform } = options
  meter.bytesDone += Number(stats.size)
  const mode = modeOf(stats, platform)
  if (known !== undefined && previous !== undefined && isUnchanged(known, stats, unchanged, previous.startedAt)) {
    const state = { ...(known.state as FileState), mode }
    const { signature } = known
    if (!signatures) return { path, state, stamp: stampOf(stats) }
    if (signature !== undefined) return { path, state, stamp: stampOf(stats), signature }
    if (state.size <= LARGEST_WITHOUT_SIGNATURE) return { path, state, stamp: stampOf(stats) }
  }
  const content = await readFileContent(`${folder}/${path}`, signatures, signal)
  if (content.changed) report(path, 'it changed while it was being read; it is indexed as it was read')
  const { size, hash, signature } = content
  const state: FileState = {
    type: 'file',
    mode: modeOf(content.stats, platform),
    mtime: content.stats.mtimeNs,
    size,
    hash,
  }
  const stamp = stampOf(content.stats)
  return signature === undefined ? { path, state, stamp } : { path, state, stamp, signature }
}

function isUnchanged(
  { state, stamp }: IndexEntry,
  stats: BigIntStats,
  rule: UnchangedRule,
  previousStart: bigint,
): boolean {
  if (rule === 'never' || state.type !== 'file') return false
  if (BigInt(state.size) !== stats.size || state.mtime !== stats.mtimeNs) return false
  const latest = rule === 'status' && stats.ctimeNs > stats.mtimeNs ? stats.ctimeNs : stats.mtimeNs
  if (latest > previousStart - COARSEST_TIME) return false
  return rule === 'times' || (stamp?.ctime === stats.ctimeNs && stamp.inode === stats.ino)
}

/** The state of what is no regular file; undefined for what no index keeps. Throws the system's error where a link cannot be read. */
function stateOf(path: string, stats: BigIntStats, platform: Platform): EntryState | undefined {
  const common = { mode: modeOf(stats, platform), mtime: stats.mtimeNs }
  if (stats.isDirectory()) return { type: 'dir', ...common }
  if (stats.isSymbolicLink()) {
    const target = nameFromBytes(readlinkSync(toFsPath(path), { encoding: 'buffer' }))
    return { type: 'symlink', mode: LINK_MODE, mtime: stats.mtimeNs, target }
  }
  if (stats.isFIFO()) return { type: 'fifo', ...common }
  if (stats.isBlockDevice()) return { type: 'dev', ...common, device: stats.rdev }
  if (stats.isCharacterDevice()) return { type: 'chardev', ...common, device: stats.rdev }
  return undefined
}

function modeOf(stats: BigIntStats, platform: Platform): number {
  return platform.posixMode(stats) & PERMISSIONS
}

function stampOf(stats: BigIntStats): { readonly ctime: bigint; readonly inode: bigint } {
  return { ctime: stats.ctimeNs, inode: stats.ino }
}

function withFate(message: string, known: IndexEntry | undefined): string {
  return known === undefined ? `${message}; it is left out` : `${message}; it stays as it was in the previous index`
}
