import type { EntryRow } from '../scan/entry-table.ts'
import type { CopyOutcome } from '../disk/copy-file.ts'
import { batchesOf, copyFiles } from './file-batches.ts'
import type { PlannedChange, RunPlan } from './plan.ts'
import type { RunContext } from './run-context.ts'
import { StagingFolders } from './staging-folders.ts'

/** What was copied, and to where. */
export interface CopiedFiles {
  /** Files as they were read, by their paths. */
  readonly rows: ReadonlyMap<string, EntryRow>
  /** Folders made for the files of an increment. */
  readonly trackFolders: StagingFolders
  /** Folders made for all other files. */
  readonly folders: StagingFolders
}

/**
 * Copies all files that a plan copies: nothing of the mirror has been touched then. Files that cannot be read are reported, and added to what is kept.
 *
 * @param trackRoot - the folder for files of which increments keep the history
 * @throws the system's error where the target fails; ERR_VARVE_ABORTED
 */
export async function copyChanges(context: RunContext, plan: RunPlan, trackRoot: string): Promise<CopiedFiles> {
  const { steps, layout } = context
  const { source } = plan.tables
  const rows = new Map<string, EntryRow>()
  const trackFolders = new StagingFolders(steps, trackRoot)
  const folders = new StagingFolders(steps, layout.staged(''))
  const files = plan.changes.filter((change) => change.copies)
  const sizeOf = (change: PlannedChange): number => source.size(change.source)
  context.begin(
    'copying',
    files.length,
    files.reduce((sum, change) => sum + sizeOf(change), 0),
  )
  const onOutcome = ({ path }: PlannedChange, outcome: CopyOutcome): void => {
    if (outcome.kind === 'copied') {
      rows.set(path, outcome.row)
      if (outcome.changed)
        context.report({ path, message: 'it changed while it was read: it was copied as it was read' })
      return
    }
    plan.kept.add(path)
    if (outcome.kind === 'failed') context.report({ path, message: outcome.message })
  }
  for (const tracked of [true, false]) {
    const some = files.filter((change) => source.isTracked(change.source) === tracked)
    const made = tracked ? trackFolders : folders
    for (const { path } of some) made.prepare(path)
    await copyFiles(context, made.root, tracked, batchesOf(some, sizeOf), onOutcome)
  }
  return { rows, trackFolders, folders }
}
