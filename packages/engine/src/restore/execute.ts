import { unlinkSync } from 'node:fs'
import { describeError, throwIfAborted } from '@varve/platform/errors'
import { currentPlatform } from '@varve/platform'
import { toFsPath } from '@varve/platform/file-name'
import type { IndexedRepository } from '../repository/repository.ts'
import { Breather } from './breather.ts'
import { ContentWriting } from './content-writing.ts'
import { removeUnexpected } from './deletion.ts'
import { FilePreparation } from './file-preparation.ts'
import { finishFolders, makeFolders, type FolderOptions } from './folders.ts'
import { makeLinksAndSpecials } from './links-and-specials.ts'
import { MetadataWriter } from './metadata-writer.ts'
import { EntryMark } from './entry-mark.ts'
import type { PlannedEntries } from './planned-entries.ts'
import type { RestoreOptions, RestoreResult } from './restore-options.ts'
import { planFigures, type RestorePlan } from './restore-plan.ts'
import { RestoreReporter } from './restore-reporter.ts'
import { verifyRestored } from './verification.ts'
import { WriteThreads } from './write-threads.ts'

/**
 * Carries out a plan, or in a dry run only tells what that would do.
 *
 * Folders come first, then files, then what the snapshot does not have goes, then links and special files, and at last the folders' metadata. A
 * file that could not be completed is removed, unless it was there before. A plan can be carried out once.
 *
 * @param options - those that the plan was made with
 * @param threads - to write files, where they have been started already; they are closed in the end
 * @throws ERR_VARVE_TARGET where the target as a whole cannot be written to, ERR_VARVE_ABORTED; other failures concern single entries and
 * are reported to `onProblem`
 */
export async function executeRestore(
  repository: IndexedRepository,
  plan: RestorePlan,
  options: RestoreOptions,
  threads?: WriteThreads,
): Promise<RestoreResult> {
  throwIfAborted(options.signal)
  const figures = planFigures(plan)
  const reporter = new RestoreReporter(options, 'restoring')
  reporter.problems = plan.problems
  reporter.filesTotal = figures.filesTotal
  reporter.bytesTotal = figures.bytesTotal
  reporter.bytesDone = figures.bytesTotal - figures.bytesToWrite
  reporter.start()
  try {
    if (options.dryRun === true) return await tell(plan, options, reporter)
    const result = await carryOut(repository, plan, options, threads, reporter)
    if (options.verify !== true) return result
    const { verified, problems } = await verifyRestored(plan, options)
    return { ...result, filesVerified: verified, problems: result.problems + problems }
  } finally {
    reporter.stop()
  }
}

async function carryOut(
  repository: IndexedRepository,
  plan: RestorePlan,
  options: RestoreOptions,
  started: WriteThreads | undefined,
  reporter: RestoreReporter,
): Promise<RestoreResult> {
  const { entries } = plan
  const { signal, workers } = options
  const platform = currentPlatform()
  const { separator } = platform
  const recursive = options.delete ?? false
  const breather = new Breather(signal)
  const metadataWriter = new MetadataWriter(platform)
  const onFailure = (entry: number, message: string): void => reporter.problem(entries.path(entry), message)
  const folderOptions: FolderOptions = { entries, platform, breather, onFailure }
  const preparation = new FilePreparation(entries, separator, recursive, onFailure)
  const sparse = options.sparse ?? true

  await makeFolders(folderOptions)
  const writing = new ContentWriting({
    repository,
    plan,
    preparation,
    reporter,
    breather,
    signal,
    threads: started ?? WriteThreads.start(workers),
    sparse,
    onFailure,
  })
  try {
    await writing.run()
  } finally {
    removeIncomplete(entries, onFailure)
  }
  const filesDeleted = await removeUnexpected(plan, separator, reporter, breather, false)
  tellSkipped(entries, reporter)
  await makeLinksAndSpecials({ plan, platform, recursive, metadataWriter, reporter, breather, onFailure })
  await finishFolders(folderOptions, metadataWriter, reporter)
  tellSkippedAttributes(
    options,
    platform.extendedAttributesMissing,
    writing.attributesSkipped + metadataWriter.attributesSkipped,
  )
  return resultOf(plan, reporter, filesDeleted, writing.bytesWritten, (entry) =>
    entries.isMarked(entry, EntryMark.done),
  )
}

/** Tells what carrying out a plan would do. */
async function tell(plan: RestorePlan, options: RestoreOptions, reporter: RestoreReporter): Promise<RestoreResult> {
  const { entries } = plan
  const breather = new Breather(options.signal)
  for (let entry = 1; entry < entries.count; entry++) {
    if (breather.isDue) await breather.breathe()
    reporter.item(entries.action(entry), () => entries.path(entry), entries.type(entry), entries.size(entry))
  }
  const filesDeleted = await removeUnexpected(plan, currentPlatform().separator, reporter, breather, true)
  return resultOf(plan, reporter, filesDeleted, planFigures(plan).bytesToWrite, () => true)
}

function resultOf(
  plan: RestorePlan,
  reporter: RestoreReporter,
  filesDeleted: number,
  bytesWritten: number,
  isDone: (entry: number) => boolean,
): RestoreResult {
  const { entries } = plan
  const { filesTotal, bytesTotal, bytesToWrite } = planFigures(plan)
  let filesRestored = 0
  let foldersRestored = 0
  let filesSkipped = 0
  for (let entry = 1; entry < entries.count; entry++) {
    const action = entries.action(entry)
    if (entries.isFolder(entry)) {
      if (action !== 'keep' && isDone(entry)) foldersRestored++
    } else if (action === 'skip' || (action === 'keep' && isDone(entry))) {
      filesSkipped++
    } else if (isDone(entry)) {
      filesRestored++
    }
  }
  return {
    target: entries.target,
    filesRestored,
    foldersRestored,
    filesSkipped,
    filesDeleted,
    filesTotal,
    bytesWritten,
    bytesSkipped: bytesTotal - bytesToWrite,
    bytesTotal,
    filesVerified: 0,
    problems: reporter.problems,
  }
}

function tellSkipped(entries: PlannedEntries, reporter: RestoreReporter): void {
  for (let entry = 1; entry < entries.count; entry++) {
    if (entries.action(entry) !== 'skip') continue
    reporter.filesDone++
    reporter.item('skip', () => entries.path(entry), entries.type(entry), entries.size(entry))
  }
}

/** Removes files that were begun and not completed: they would look like good ones. */
function removeIncomplete(entries: PlannedEntries, onFailure: (entry: number, message: string) => void): void {
  for (let entry = 1; entry < entries.count; entry++) {
    if (!entries.isMarked(entry, EntryMark.made) || entries.isMarked(entry, EntryMark.done)) continue
    try {
      unlinkSync(toFsPath(entries.path(entry)))
    } catch (error) {
      onFailure(entry, `it is incomplete and could not be removed: ${describeError(error)}`)
    }
  }
}

function tellSkippedAttributes(options: RestoreOptions, reason: string | undefined, count: number): void {
  if (count === 0) return
  const why = reason ?? 'the target does not keep them'
  options.onNotice?.(`extended attributes of ${count} entries were not restored: ${why}`)
}
