import { comparePaths } from '@varve/delta/entries'
import * as v from 'valibot'
import { timeOfName } from './increment-name.ts'
import type { Category } from './metadata-format.ts'
import { damagedMetadata, isRecord, type RawMetadata } from './parse-metadata.ts'
import { isTrackedPath } from './tracked-path.ts'

/** A file as the original program's metadata tells of it. Hashes, permissions and anything but files are unknown to it. */
export interface OriginalFile {
  readonly path: string
  readonly category: Category
  /** Bytes; undefined where nothing is said. */
  readonly size: number | undefined
  /** Nanoseconds since 1970, as exact as a floating-point number of seconds is; undefined where nothing is said. */
  readonly mtime: bigint | undefined
}

/** What metadata of the original program says. */
export interface OriginalMetadata {
  readonly time: Date | undefined
  /** In the order of paths. */
  readonly files: readonly OriginalFile[]
}

const measures = {
  size: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
  mtime: v.optional(v.pipe(v.number(), v.finite())),
}
const CATALOGUED = v.object({ ...measures, category: v.optional(v.string()), backup_path: v.optional(v.string()) })
const LISTED = v.union([
  v.pipe(
    v.string(),
    v.transform((path) => ({ path, size: undefined, mtime: undefined })),
  ),
  v.object({ path: v.string(), ...measures }),
])
const LISTS = v.object({
  new_changed: v.optional(v.array(LISTED), []),
  deleted: v.optional(v.array(LISTED), []),
})

/**
 * Reads metadata that the original program wrote: its first generation (`files` with `new_changed` and `deleted`) or its second (`file_catalog`).
 *
 * @param what - names the metadata in messages
 * @returns undefined where it is neither
 * @throws ERR_VARVE_DAMAGED
 */
export function readOriginal({ head, entries }: RawMetadata, what: string): OriginalMetadata | undefined {
  if (!isRecord(head)) return undefined
  if (isRecord(head['file_catalog'])) {
    if (typeof head['version'] === 'string' && !/^[01]\./.test(head['version'])) return undefined
    return { time: statedTime(head), files: arrange(fromCatalogue(entries, what), what) }
  }
  if (!isRecord(head['files']) || 'version' in head) return undefined
  const info = isRecord(head['backup_info']) ? head['backup_info'] : head
  return { time: statedTime(info), files: arrange(fromLists(head['files'], what), what) }
}

function* fromCatalogue(entries: RawMetadata['entries'], what: string): Generator<OriginalFile> {
  for (const [path, value] of entries) {
    const parsed = v.safeParse(CATALOGUED, value)
    if (!parsed.success) throw damagedMetadata(what, `${JSON.stringify(path)} makes no sense`)
    const { size, mtime, category, backup_path: place } = parsed.output
    const went = category?.includes('deleted') ?? /(^|[/\\])deleted[/\\]/.test(place ?? '')
    yield { path, category: went ? 'deleted' : 'track', size, mtime: nanoseconds(mtime) }
  }
}

function* fromLists(files: unknown, what: string): Generator<OriginalFile> {
  const parsed = v.safeParse(LISTS, files)
  if (!parsed.success) throw damagedMetadata(what, 'its lists of files make no sense')
  const lists = { track: parsed.output.new_changed, deleted: parsed.output.deleted }
  for (const category of ['track', 'deleted'] as const) {
    for (const { path, size, mtime } of lists[category]) yield { path, category, size, mtime: nanoseconds(mtime) }
  }
}

/** In order, each path once: one that is both new and deleted, as the lists can have it, was there in the end. */
function arrange(files: Iterable<OriginalFile>, what: string): readonly OriginalFile[] {
  const byPath = new Map<string, OriginalFile>()
  for (const file of files) {
    // On Windows the original wrote paths as they are written there.
    const path = process.platform === 'win32' ? file.path.replaceAll('\\', '/') : file.path
    if (!isTrackedPath(path)) throw damagedMetadata(what, `${JSON.stringify(path)} is no path`)
    if (byPath.get(path)?.category !== 'track') byPath.set(path, { ...file, path })
  }
  return [...byPath.values()].toSorted((a, b) => comparePaths(a.path, b.path))
}

function nanoseconds(seconds: number | undefined): bigint | undefined {
  if (seconds === undefined || Math.abs(seconds) > 1e12) return undefined
  const whole = Math.floor(seconds)
  return BigInt(whole) * 1_000_000_000n + BigInt(Math.round((seconds - whole) * 1e9))
}

/** The moment that metadata states, as `YYYYMMDD_HHMMSS` or in ISO form, local time unless it says otherwise. */
function statedTime(info: Readonly<Record<string, unknown>>): Date | undefined {
  const stated = info['backup_timestamp'] ?? info['timestamp']
  if (typeof stated !== 'string') return undefined
  const named = timeOfName(stated.startsWith('backup_') ? stated : `backup_${stated}`)
  const date = named ?? new Date(stated)
  return Number.isNaN(date.getTime()) ? undefined : date
}
