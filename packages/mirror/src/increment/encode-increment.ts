import type { CatalogueEntry, Increment, TrackedState } from './increment.ts'
import { timestamp } from './increment-name.ts'
import { CATALOGUE_END, CATALOGUE_START, CatalogueHash, categoryOf, keptStates, VERSION } from './metadata-format.ts'

const NANOSECONDS_OF_MILLISECOND = 1_000_000n

/** Lines that become bytes at once. */
const LINES = 1024

/**
 * The metadata of an increment: JSON that keeps the original program's names for what is the same, with each entry's line for itself.
 *
 * @param increment - its entries in the order of paths
 * @throws a plain Error for an entry that is neither before nor after, or comes out of order
 */
export function encodeIncrement(increment: Increment): Buffer {
  const hash = new CatalogueHash()
  const pieces: Buffer[] = []
  let lines: string[] = []
  for (const entry of increment.entries) {
    hash.add(entry)
    const last = pieces.length === 0 && lines.length === 0 ? '' : ',\n'
    lines.push(`${last}    ${JSON.stringify(entry.path)}: ${JSON.stringify(describeEntry(entry))}`)
    if (lines.length < LINES) continue
    pieces.push(Buffer.from(lines.join('')))
    lines = []
  }
  if (increment.entries.length > 0) lines.push('\n')
  pieces.push(Buffer.from(`${lines.join('')}${CATALOGUE_END}`))
  const head = JSON.stringify(describeIncrement(increment, hash.finish()), undefined, 2).slice(0, -2)
  return Buffer.concat([Buffer.from(`${head},${CATALOGUE_START}`), ...pieces])
}

function describeIncrement(increment: Increment, catalogueDigest: string): object {
  const { name, time, previous, source, digest, recreatedAt } = increment
  return {
    version: VERSION,
    backup_type: 'incremental',
    backup_timestamp: timestamp(time),
    name,
    time: time.toISOString(),
    previous,
    source,
    digest,
    catalog_digest: catalogueDigest,
    ...(recreatedAt === undefined ? {} : { recreated: true, recreated_at: recreatedAt.toISOString() }),
    ...describeCounts(increment.entries),
  }
}

function describeCounts(entries: readonly CatalogueEntry[]): object {
  let [trackedFiles, deletedFiles, trackedBytes, deletedBytes] = [0, 0, 0, 0]
  let [newEntries, changedEntries, deletedEntries] = [0, 0, 0]
  for (const entry of entries) {
    if (entry.after === undefined) deletedEntries++
    else if (entry.before === undefined) newEntries++
    else changedEntries++
    for (const { category, state } of keptStates(entry)) {
      if (state.type !== 'file') continue
      if (category === 'track') {
        trackedFiles++
        trackedBytes += state.size
      } else {
        deletedFiles++
        deletedBytes += state.size
      }
    }
  }
  return {
    summary: { total_entries: entries.length, new: newEntries, changed: changedEntries, deleted: deletedEntries },
    statistics: {
      tracked_files: trackedFiles,
      tracked_size: trackedBytes,
      deleted_files: deletedFiles,
      deleted_size: deletedBytes,
    },
  }
}

function describeEntry(entry: CatalogueEntry): object {
  const { path, before, after } = entry
  const state = after ?? before
  if (state === undefined) throw new Error(`'${path}' is neither before nor after`)
  const category = categoryOf(entry)
  return {
    ...describeForReaders(state),
    category,
    backup_path: `${category}/${path}`,
    ...describeState(state),
    ...(entry.isContentDeleted === true ? { content_deleted: true } : {}),
    ...(after !== undefined && before !== undefined ? { before: describeState(before) } : {}),
  }
}

/** What the original program's readers look at; nothing is read from it again. */
function describeForReaders(state: TrackedState): object {
  const time = new Date(Number(state.mtime / NANOSECONDS_OF_MILLISECOND))
  const isDate = !Number.isNaN(time.getTime())
  return {
    mtime: Number(state.mtime) / 1e9,
    ...(isDate ? { mtime_iso: time.toISOString(), mtime_date: localDate(time) } : {}),
  }
}

function describeState(state: TrackedState): object {
  return {
    type: state.type,
    mode: state.mode,
    mtime_ns: String(state.mtime),
    ...(state.type === 'file' ? { size: state.size, sha256: state.hash } : {}),
    ...(state.type === 'symlink' ? { target: state.target } : {}),
  }
}

function localDate(date: Date): string {
  const digits = timestamp(date).slice(0, -'_HHMMSS'.length)
  return `${digits.slice(0, -4)}-${digits.slice(-4, -2)}-${digits.slice(-2)}`
}
