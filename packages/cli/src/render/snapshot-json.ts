import { type Progress, timestampToNanoseconds } from '@varve/engine'
import type { JobTiming } from '../report/progress-state.ts'
import type { SnapshotOutcome } from './snapshot-text.ts'
import { summaryJson } from './summary-json.ts'

/** What `varve snapshot` did, for programs, with the fields of restic's `backup --json`. */
export function snapshotJson({ summary, snapshot, number, dryRun }: SnapshotOutcome): readonly unknown[] {
  const nanoseconds = timestampToNanoseconds(summary.backupEnd) - timestampToNanoseconds(summary.backupStart)
  return [
    {
      message_type: 'summary',
      ...(dryRun ? { dry_run: true } : {}),
      ...summaryJson(summary),
      total_duration: Number(nanoseconds) / 1e9,
      ...(snapshot === undefined || dryRun ? {} : { snapshot_id: snapshot.id, snapshot_number: number }),
    },
  ]
}

/** The fields of a `status` message of a snapshot, as restic names them. */
export function snapshotStatus(progress: Progress, timing: JobTiming): object {
  return {
    seconds_elapsed: Math.floor(timing.elapsed / 1000),
    ...(timing.remaining === undefined ? {} : { seconds_remaining: Math.ceil(timing.remaining / 1000) }),
    percent_done: timing.fraction ?? 0,
    ...(progress.filesTotal === undefined ? {} : { total_files: progress.filesTotal }),
    files_done: progress.filesDone,
    ...(progress.bytesTotal === undefined ? {} : { total_bytes: progress.bytesTotal }),
    bytes_done: progress.bytesDone,
    error_count: progress.errors,
    current_files: progress.current,
  }
}
