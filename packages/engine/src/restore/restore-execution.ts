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
import { planFigures, type PlanFollower, type PlannedContent, type PlanPart, type RestorePlan } from './restore-plan.ts'
import { RestoreReporter } from './restore-reporter.ts'
import { verifyRestored } from './verification.ts'
import { WriteThreads } from './write-threads.ts'

/** What the parts of carrying out a plan work with. */
interface Work {
  readonly entries: PlannedEntries
  readonly folders: FolderOptions
  readonly writing: ContentWriting
  readonly onFailure: (entry: number, message: string) => void
}

/**
 * Carries out a plan: once it has been made, or part by part while it is; or in a dry run only tells what that would do. A plan can be carried out
 * once.
 *
 * Folders come first, then files, then what the snapshot does not have goes, then links and special files, and at last the folders' metadata. A
 * file that could not be completed is removed, unless it was there before.
 */
export class RestoreExecution implements PlanFollower {
  readonly #repository: IndexedRepository
  readonly #options: RestoreOptions
  readonly #confirmLock: () => Promise<void>
  readonly #threads: WriteThreads | undefined
  readonly #reporter: RestoreReporter
  readonly #breather: Breather
  readonly #platform = currentPlatform()
  readonly #metadataWriter = new MetadataWriter(this.#platform)
  #work: Work | undefined
  #running: Promise<void> = Promise.resolve()
  #failure: { readonly error: unknown } | undefined
  #takenEntries = 0
  #takenPieces = 0
  #isWaiting = true
  #hasWritten = false

  /**
   * @param options - those that the plan is made with
   * @param threads - to write files, where they have been started already; they are closed in the end
   * @param confirmLock - resolves when packs can be relied on: nothing is written before
   */
  constructor(
    repository: IndexedRepository,
    options: RestoreOptions,
    threads?: WriteThreads,
    confirmLock: () => Promise<void> = () => Promise.resolve(),
  ) {
    this.#repository = repository
    this.#options = options
    this.#threads = threads
    this.#confirmLock = confirmLock
    this.#reporter = new RestoreReporter(options, 'restoring')
    this.#breather = new Breather(options.signal)
  }

  get isWaiting(): boolean {
    return this.#isWaiting
  }

  take(content: PlannedContent): void {
    if (this.#failure !== undefined) throw this.#failure.error
    this.#work ??= this.#begin(content)
    // Whoever is planning is the only one to do that, and others can write.
    this.#work.writing.isPlanning = true
    this.#takeRest(content, this.#work)
  }

  /**
   * Carries out what has not been taken, and all that comes after the files.
   *
   * @throws ERR_VARVE_TARGET where the target as a whole cannot be written to, ERR_VARVE_ABORTED; other failures concern single entries and
   * are reported to `onProblem`
   */
  async finish(plan: RestorePlan): Promise<RestoreResult> {
    const { signal, dryRun, verify } = this.#options
    const reporter = this.#reporter
    try {
      throwIfAborted(signal)
      reporter.expect(plan)
      if (dryRun === true) {
        reporter.start()
        return await tell(plan, this.#options, reporter)
      }
      const work = (this.#work ??= this.#begin(plan))
      work.writing.isPlanning = false
      this.#takeRest(plan, work)
      const result = await this.#carryOut(plan, work)
      if (verify !== true) return result
      const { verified, problems } = await verifyRestored(plan, this.#options)
      return { ...result, filesVerified: verified, problems: result.problems + problems }
    } finally {
      await this.abandon()
    }
  }

  /** Leaves the rest, where the plan could not be made to its end. Idempotent, and of no effect once all has been done. Rejects never. */
  async abandon(): Promise<void> {
    if (this.#work !== undefined) await this.#endWriting(this.#work)
    this.#reporter.stop()
  }

  #begin({ entries, pieces }: PlannedContent): Work {
    const { signal, workers, sparse = true, delete: recursive = false } = this.#options
    const reporter = this.#reporter
    const breather = this.#breather
    const onFailure = (entry: number, message: string): void => reporter.problem(entries.path(entry), message)
    const writing = new ContentWriting({
      repository: this.#repository,
      plan: { entries, pieces },
      preparation: new FilePreparation(entries, this.#platform.separator, recursive, onFailure),
      reporter,
      breather,
      signal,
      threads: this.#threads ?? WriteThreads.start(workers),
      sparse,
      onFailure,
    })
    reporter.start()
    return { entries, folders: { entries, platform: this.#platform, breather, onFailure }, writing, onFailure }
  }

  #takeRest({ entries, pieces }: PlannedContent, { folders, writing }: Work): void {
    const part: PlanPart = {
      firstEntry: this.#takenEntries,
      endEntry: entries.count,
      firstPiece: this.#takenPieces,
      endPiece: pieces.count,
    }
    this.#takenEntries = part.endEntry
    this.#takenPieces = part.endPiece
    const shared = { entries: entries.share(), pieces: pieces.share() }
    this.#isWaiting = false
    this.#running = this.#running.then(async () => {
      try {
        if (this.#failure !== undefined) return
        await this.#confirmLock()
        await makeFolders(folders, part.firstEntry, part.endEntry)
        await writing.write(part, shared)
      } catch (error) {
        this.#failure ??= { error }
      } finally {
        // After a failure, too: whoever plans is to hear of it.
        this.#isWaiting = true
      }
    })
  }

  async #carryOut(plan: RestorePlan, work: Work): Promise<RestoreResult> {
    const { entries, folders, writing, onFailure } = work
    const platform = this.#platform
    const metadataWriter = this.#metadataWriter
    const reporter = this.#reporter
    const breather = this.#breather
    const recursive = this.#options.delete ?? false
    try {
      await this.#running
      if (this.#failure !== undefined) throw this.#failure.error
      await writing.finish()
    } finally {
      await this.#endWriting(work)
    }
    const filesDeleted = await removeUnexpected(plan, platform.separator, reporter, breather, false)
    tellSkipped(entries, reporter)
    await makeLinksAndSpecials({ plan, platform, recursive, metadataWriter, reporter, breather, onFailure })
    await finishFolders(folders, metadataWriter, reporter)
    tellSkippedAttributes(
      this.#options,
      platform.extendedAttributesMissing,
      writing.attributesSkipped + metadataWriter.attributesSkipped,
    )
    return resultOf(plan, reporter, filesDeleted, writing.bytesWritten, (entry) =>
      entries.isMarked(entry, EntryMark.done),
    )
  }

  async #endWriting({ entries, writing, onFailure }: Work): Promise<void> {
    if (this.#hasWritten) return
    this.#hasWritten = true
    await writing.close()
    await this.#running
    removeIncomplete(entries, onFailure)
  }
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
