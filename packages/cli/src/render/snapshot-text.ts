import { shortId, type SnapshotResult, timestampToNanoseconds } from '@varve/engine'
import { formatBytes } from '../format/format-bytes.ts'
import { formatCount, formatNumber } from '../format/format-count.ts'
import { formatDuration } from '../format/format-duration.ts'
import { padStart } from '../terminal/text-width.ts'

/** What `varve snapshot` did. */
export interface SnapshotOutcome extends SnapshotResult {
  /** Of the new snapshot in the list; undefined in a dry run and where none was made. */
  readonly number: number | undefined
  readonly dryRun: boolean
}

/** What `varve snapshot` did, for people. */
export function snapshotText(outcome: SnapshotOutcome, verbosity: number): readonly string[] {
  if (verbosity === 0) return []
  return [...figures(outcome, verbosity), ...conclusion(outcome)]
}

function figures({ summary, parent, dryRun }: SnapshotOutcome, verbosity: number): readonly string[] {
  const files = [summary.filesNew, summary.filesChanged, summary.filesUnmodified]
  const folders = [summary.dirsNew, summary.dirsChanged, summary.dirsUnmodified]
  const columns = Math.max(...[...files, ...folders].map((count) => formatNumber(count).length))
  const counts = (numbers: readonly number[]): string =>
    numbers
      .map((count, i) => `${padStart(formatNumber(count), columns)} ${['new', 'changed', 'unmodified'][i] ?? ''}`)
      .join(', ')
  const nanoseconds = timestampToNanoseconds(summary.backupEnd) - timestampToNanoseconds(summary.backupStart)
  const processed = `${formatCount(summary.totalFilesProcessed, 'file')}, ${formatBytes(summary.totalBytesProcessed)}`
  const blobs = `${formatCount(summary.dataBlobs, 'data blob')}, ${formatCount(summary.treeBlobs, 'tree blob')}`
  return [
    `Files:      ${counts(files)}`,
    `Folders:    ${counts(folders)}`,
    ...(verbosity > 1
      ? [`Blobs:      ${blobs}`, `Parent:     ${parent === undefined ? 'none' : shortId(parent)}`]
      : []),
    `${dryRun ? 'Would add: ' : 'Added:     '} ${formatBytes(summary.dataAdded)} (${formatBytes(summary.dataAddedPacked)} stored)`,
    `Processed:  ${processed} in ${formatDuration(Number(nanoseconds / 1_000_000n))}`,
  ]
}

function conclusion({ snapshot, number, skipped, dryRun, parent, problems }: SnapshotOutcome): readonly string[] {
  if (skipped)
    return [`Nothing has changed since snapshot ${parent === undefined ? '' : shortId(parent)}: no new one was made.`]
  if (dryRun || snapshot === undefined) return ['This was a dry run: nothing was stored.']
  const name = number === undefined ? shortId(snapshot.id) : String(number)
  return [
    `Id:         ${shortId(snapshot.id)}`,
    problems === 0
      ? `Snapshot ${name} created successfully.`
      : `Snapshot ${name} created, but not everything could be read.`,
  ]
}
