import type { Progress } from '@varve/engine'
import type { JobTiming } from '../report/progress-state.ts'
import type { RestoreOutcome } from './restore-text.ts'

/** What `varve restore` did, for programs, with the fields of restic's `restore --json`. */
export function restoreJson(outcome: RestoreOutcome): readonly unknown[] {
  return [
    {
      message_type: 'summary',
      seconds_elapsed: Math.floor(outcome.elapsed / 1000),
      ...(outcome.dryRun ? { dry_run: true } : {}),
      snapshot_id: outcome.snapshot.id,
      target: outcome.target,
      total_files: outcome.filesTotal,
      files_restored: outcome.filesRestored,
      files_skipped: outcome.filesSkipped,
      files_deleted: outcome.filesDeleted,
      files_verified: outcome.filesVerified,
      total_bytes: outcome.bytesTotal,
      bytes_restored: outcome.bytesWritten,
      bytes_skipped: outcome.bytesSkipped,
      error_count: outcome.problems,
    },
  ]
}

/** The fields of a `status` message of a restore, as restic names them. */
export function restoreStatus(progress: Progress, timing: JobTiming): object {
  return {
    seconds_elapsed: Math.floor(timing.elapsed / 1000),
    percent_done: timing.fraction ?? 0,
    // As long as the total is not known, the plan is being made, and nothing restored.
    ...(progress.filesTotal === undefined
      ? { files_restored: 0 }
      : { total_files: progress.filesTotal, files_restored: progress.filesDone }),
    ...(progress.bytesTotal === undefined ? {} : { total_bytes: progress.bytesTotal }),
    bytes_restored: progress.bytesDone,
  }
}
