import { VarveError } from '@varve/platform/errors'
import type { LongCall, Problem } from '@varve/platform'
import type { Id } from '../repository/id.ts'
import type { NodeType } from '../repository/node.ts'

/**
 * What happens to entries that the target already has, in restic's words.
 *
 * - `always`: files are compared with the snapshot piece by piece, and the pieces that differ are rewritten.
 * - `if-changed`: the same, but a file with the snapshot's size and modification time is taken for equal without being read.
 * - `if-newer`: only entries that the snapshot has in a newer version are restored.
 * - `never`: what is there stays as it is.
 */
export type OverwriteMode = 'always' | 'if-changed' | 'if-newer' | 'never'

/** All values of {@link OverwriteMode}. */
export const OVERWRITE_MODES = ['always', 'if-changed', 'if-newer', 'never'] as const satisfies readonly OverwriteMode[]

/**
 * What happened, or would happen, to an entry of the target.
 *
 * - `created`: nothing was there
 * - `updated`: something else was there, or a file with other content
 * - `unchanged`: it was right already; of its metadata, what differed was set
 * - `deleted`: the snapshot does not have it
 * - `skipped`: left as it was, because `overwrite` says so or because it is a socket
 */
export type RestoreAction = 'created' | 'updated' | 'unchanged' | 'deleted' | 'skipped'

/** An entry that a restore is done with. */
export interface RestoreItem {
  readonly action: RestoreAction
  /** Absolute path in the target. */
  readonly path: string
  /** Bytes of a file; 0 for all else. */
  readonly size: number
  readonly type: NodeType
}

/** What to restore, and how. */
export interface RestoreOptions extends LongCall {
  readonly snapshot: Id
  /**
   * A folder or file in the snapshot, `/`-separated, or the absolute path that it was saved from: the folder's content, or the file, lands in the
   * target. Everything if left out.
   */
  readonly path?: string | undefined
  /** Folder to restore into; made, with its parents, where it is missing. */
  readonly target: string
  /**
   * Where things land when there is no `path`. `content`: the content of the folder that was snapshotted goes straight into the target; with several
   * sources, each lies below their common parent. `full-paths`: the target gets all folders that lead to the sources, as with restic's `--target`.
   */
  readonly layout: 'content' | 'full-paths'
  /**
   * Patterns of what to restore, or of what not, with restic's meaning. They are matched with the path in the snapshot, which starts with `/`;
   * with `path`, that is the path below it.
   */
  readonly include?: readonly string[] | undefined
  readonly iinclude?: readonly string[] | undefined
  readonly exclude?: readonly string[] | undefined
  readonly iexclude?: readonly string[] | undefined
  /** `always` if left out. */
  readonly overwrite?: OverwriteMode | undefined
  /**
   * Remove entries of restored folders that the snapshot does not have and that the patterns select; and folders that are not empty where
   * the snapshot has something else.
   */
  readonly delete?: boolean | undefined
  /** Change nothing, but report all items and figures as if. Existing files are read where `overwrite` needs that. */
  readonly dryRun?: boolean | undefined
  /** Read all restored files again and compare them with the snapshot. */
  readonly verify?: boolean | undefined
  /** Restore long runs of zeros in new files as holes; on unless it is false. */
  readonly sparse?: boolean | undefined
  /** Do not lock the repository. */
  readonly noLock?: boolean | undefined
  /** Threads that open blobs and write files; one a processor, at most 8, if left out. */
  readonly workers?: number | undefined
  /** Called for each entry that could not be restored, or not wholly. Paths are those in the target. */
  readonly onProblem?: ((problem: Problem) => void) | undefined
  /** Called for each entry that the restore is done with. */
  readonly onItem?: ((item: RestoreItem) => void) | undefined
  /** Called at most once a kind with something the user should know that is no failure. */
  readonly onNotice?: ((text: string) => void) | undefined
}

/** What a restore did, or in a dry run would do. "Files" are entries of all kinds but folders. */
export interface RestoreResult {
  /** The target's real path. */
  readonly target: string
  /** Files that were made, replaced or updated. */
  readonly filesRestored: number
  /** Folders that were made. */
  readonly foldersRestored: number
  /** Files that were right already, or were left as they were. */
  readonly filesSkipped: number
  /** Files and folders that were removed because the snapshot does not have them. */
  readonly filesDeleted: number
  /** Files that the selected part of the snapshot has. */
  readonly filesTotal: number
  /** Bytes of content that were written, holes included. */
  readonly bytesWritten: number
  /** Bytes of content that needed no writing. */
  readonly bytesSkipped: number
  /** Bytes of content of all files. */
  readonly bytesTotal: number
  /** Files whose content was read again and found right. */
  readonly filesVerified: number
  /** Times that something could not be restored; each was reported. */
  readonly problems: number
}

/**
 * Refuses options that contradict each other.
 * @throws ERR_VARVE_BAD_ARGUMENT
 */
export function checkRestoreOptions(options: RestoreOptions): void {
  const { overwrite = 'always', dryRun, verify } = options
  if (!OVERWRITE_MODES.includes(overwrite)) {
    throw new VarveError('ERR_VARVE_BAD_ARGUMENT', `'${overwrite as string}' is no way to overwrite`, {
      hint: `use one of ${OVERWRITE_MODES.join(', ')}`,
    })
  }
  const includes = (options.include?.length ?? 0) + (options.iinclude?.length ?? 0)
  const excludes = (options.exclude?.length ?? 0) + (options.iexclude?.length ?? 0)
  if (includes > 0 && excludes > 0) {
    throw new VarveError(
      'ERR_VARVE_BAD_ARGUMENT',
      'what to restore is given either by includes or by excludes, not both',
    )
  }
  if (dryRun === true && verify === true) {
    throw new VarveError('ERR_VARVE_BAD_ARGUMENT', 'a dry run restores nothing that could be verified')
  }
  if (options.target === '') throw new VarveError('ERR_VARVE_BAD_ARGUMENT', 'the target has no name')
}
