import { throwIfAborted, VarveError } from '@varve/platform/errors'
import { TreeLoader } from '../repository/tree-loader.ts'
import { currentPlatform } from '@varve/platform'
import type { Node } from '../repository/node.ts'
import type { IndexedRepository } from '../repository/repository.ts'
import { Breather } from './breather.ts'
import { ContentComparison } from './content-comparison.ts'
import { EntryPlanning } from './entry-planning.ts'
import { FolderPlanning } from './folder-planning.ts'
import { metadataOf, type PlanContext } from './plan-context.ts'
import { PlannedEntries } from './planned-entries.ts'
import { PlannedPieces } from './planned-pieces.ts'
import { ProtectedPaths } from './protected-paths.ts'
import { checkRestoreOptions, type RestoreOptions } from './restore-options.ts'
import type { PlanFollower, PlannedContent, RestorePlan } from './restore-plan.ts'
import { RestoreReporter } from './restore-reporter.ts'
import { compileSelection } from './selection.ts'
import { isVacant, resolveTarget } from './target-folder.ts'
import { locateRestoreRoot } from './target-layout.ts'

/** Entries from which on it is worth while to begin with them: blobs that files of several parts have are opened for each. */
const PART_ENTRIES = 4096

/**
 * Plans a restore from the snapshot's trees and the target's present state. Changes nothing. Existing files are read where the mode of overwriting needs
 * it.
 *
 * @param follower - gets what has been planned so far, again and again, where nothing is in the target that has to be compared first
 * @throws what the follower throws; ERR_VARVE_BAD_ARGUMENT, ERR_VARVE_TARGET, ERR_VARVE_PATH_NOT_FOUND, ERR_VARVE_ABORTED; what reading the snapshot or its root folder throws.
 * What cannot be restored of the rest is reported to `onProblem`
 */
export async function planRestore(
  repository: IndexedRepository,
  options: RestoreOptions,
  follower?: PlanFollower,
): Promise<RestorePlan> {
  checkRestoreOptions(options)
  throwIfAborted(options.signal)
  const target = resolveTarget(options.target)
  const platform = currentPlatform()
  const selection = compileSelection(options)
  if (options.delete === true && selection.everything && platform.pathComponents(target.path).length === 0) {
    throw new VarveError(
      'ERR_VARVE_BAD_ARGUMENT',
      `deleting what the snapshot does not have from '${target.path}' would delete the system`,
      {
        hint: 'say with includes or excludes which part of it is meant',
      },
    )
  }
  const protectedPaths = ProtectedPaths.of(repository.storage, target.path, platform.separator)
  if (protectedPaths.has(target.path)) {
    throw new VarveError('ERR_VARVE_TARGET', `cannot restore into '${target.path}': it is part of the repository`)
  }
  const reporter = new RestoreReporter(options, 'planning')
  const pieces = new PlannedPieces()
  const comparison = new ContentComparison(pieces, options.workers, (bytes) => {
    reporter.bytesDone += bytes
  })
  const entries = new PlannedEntries(target.path, platform.separator)
  const context: PlanContext = {
    platform,
    index: repository.index,
    overwrite: options.overwrite ?? 'always',
    delete: options.delete ?? false,
    protectedPaths,
    reporter,
    comparison,
    entries,
    pieces,
    offer:
      follower !== undefined && isVacant(target) ? offering(follower, { entries, pieces }, reporter) : () => undefined,
  }
  reporter.start()
  try {
    const trees = new TreeLoader(repository)
    const root = await locateRestoreRoot(trees, await repository.loadSnapshot(options.snapshot), options)
    const nodes = root.kind === 'folder' ? (await trees.load(root.tree)).nodes : [root.node]
    planTargetItself(context, root.kind === 'folder' ? root.node : undefined, target.exists)
    const others = new EntryPlanning(context)
    const folders = new FolderPlanning(context, trees, selection, others, new Breather(options.signal))
    await folders.planTarget({ entry: 0, ...target }, root.location, nodes, root.kind === 'folder')
    await comparison.finish()
    throwIfAborted(options.signal)
    others.finish()
    const { linkTargets, devices } = others
    return {
      entries,
      pieces,
      linkTargets,
      devices,
      deletions: folders.deletions,
      problems: reporter.problems,
    }
  } finally {
    await comparison.close()
    reporter.stop()
  }
}

/** Offers what has been planned to a follower, whenever it is waiting for something and there is enough. */
function offering(follower: PlanFollower, content: PlannedContent, reporter: RestoreReporter): () => void {
  let taken = 0
  return () => {
    if (!follower.isWaiting || content.entries.count - taken < PART_ENTRIES) return
    taken = content.entries.count
    // What is restored tells more than what is planned.
    reporter.stop()
    follower.take(content)
  }
}

/** A target that the restore makes becomes the folder that was snapshotted; one that was there stays what it is. */
function planTargetItself(context: PlanContext, node: Node | undefined, exists: boolean): void {
  context.entries.add({
    parent: 0,
    name: '',
    type: 'dir',
    action: exists ? 'keep' : 'make',
    size: 0,
    metadata: exists || node === undefined ? undefined : metadataOf(node),
    firstPiece: 0,
    endPiece: 0,
  })
}
