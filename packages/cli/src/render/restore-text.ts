import { type RestoreResult, shortId, type StoredSnapshot } from '@varve/engine'
import { formatBytes } from '../format/format-bytes.ts'
import { formatDuration } from '../format/format-duration.ts'
import { formatCount } from '../format/format-count.ts'

/** What `varve restore` did. */
export interface RestoreOutcome extends RestoreResult {
  readonly snapshot: StoredSnapshot
  /** Of the snapshot in the list. */
  readonly number: number | undefined
  /** The target as the user named it. */
  readonly given: string
  readonly dryRun: boolean
  /** Milliseconds that it took. */
  readonly elapsed: number
}

/** What `varve restore` did, for people. */
export function restoreText(outcome: RestoreOutcome, verbosity: number): readonly string[] {
  if (verbosity === 0) return []
  const { filesRestored, foldersRestored, filesSkipped, filesDeleted, filesVerified, bytesWritten, bytesSkipped } =
    outcome
  const { snapshot, number, given, dryRun, problems } = outcome
  const name = number === undefined ? shortId(snapshot.id) : String(number)
  const label = (real: string, dry: string): string => `${dryRun ? dry : real}:`.padEnd(dryRun ? 15 : 11)
  const files = `${formatCount(filesRestored, 'file')}, ${formatCount(foldersRestored, 'folder')}, ${formatBytes(bytesWritten)} in ${formatDuration(outcome.elapsed)}`
  return [
    `${label('Restored', 'Would restore')} ${files}`,
    ...(filesSkipped === 0
      ? []
      : [`${label('Left alone', 'Would leave')} ${formatCount(filesSkipped, 'file')}, ${formatBytes(bytesSkipped)}`]),
    ...(filesDeleted === 0
      ? []
      : [`${label('Removed', 'Would remove')} ${formatCount(filesDeleted, 'entry', 'entries')}`]),
    ...(filesVerified === 0 ? [] : [`${label('Verified', 'Verified')} ${formatCount(filesVerified, 'file')}`]),
    dryRun
      ? 'This was a dry run: nothing was changed.'
      : problems === 0
        ? `Snapshot ${name} restored to ${given}`
        : `Snapshot ${name} restored to ${given}, but not all of it`,
  ]
}
