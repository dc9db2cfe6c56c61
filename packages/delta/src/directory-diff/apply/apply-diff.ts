import { lstatSync } from 'node:fs'
import { dirname } from 'node:path'
import type { LongCall } from '@varve/platform'
import { describeError, isVarveError, throwIfAborted, VarveError } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import { DirIndex } from '../../directory-index/dir-index.ts'
import type { FolderState } from '../../directory-index/entry.ts'
import { ProgressMeter } from '../../directory-index/progress-meter.ts'
import { ArchiveReader } from '../archive-reader.ts'
import { changeKind } from '../change.ts'
import { noChanges, type ChangeCounts, type DiffHeader } from '../diff-format.ts'
import { commit } from './commit.ts'
import { FileSteps } from './file-steps.ts'
import { bringToEnd, recoverWork, type Recovery } from './recover.ts'
import { stage } from './staging.ts'
import { requireSameFileSystem, resolveTarget, targetFailure } from './target-place.ts'
import { walkTarget, type TargetStep } from './target-walk.ts'
import { requireSpace, verifySteps } from './verification.ts'
import { WorkFolder } from './work-folder.ts'

/** How to apply an archive. */
export interface ApplyOptions extends Pick<LongCall, 'signal' | 'onProgress'> {
  /** See everything that there is to see, but change nothing. */
  readonly dryRun?: boolean
  /** An index of the directory: files that it shows to be unchanged are not read to see that they are what the archive is for. */
  readonly baseIndex?: DirIndex
}

/** What was, or with `dryRun` would be, done. */
export interface AppliedDiff {
  readonly counts: ChangeCounts
  /** Bytes of all files that were written. */
  readonly bytesWritten: number
  /** What became of earlier work on the directory that had been interrupted. */
  readonly recovery: Recovery
  /** A folder beside the directory that could not be removed though all was done; the next call tries again. */
  readonly leftOver: string | undefined
}

const NEW_FOLDER_MODE = 0o755

/**
 * Turns a directory into what it is in an archive of `DiffData`: entirely, or not at all.
 *
 * Before anything is written, the archive's seal is checked, the directory is compared with what the archive is for, and every new file is made and compared with
 * its hash. Then everything new is prepared beside the directory, together with a journal; entries that go are put away and not deleted, new ones are renamed into
 * their places, and the directory is read again and compared with what it is meant to be. Whatever fails, everything is put back. A process that dies leaves the journal:
 * the next call, or {@link recoverApply}, puts everything back, or removes what was put away if all was done.
 *
 * @param target - the directory; it may be missing where the archive starts from nothing, but not the folder that it lies in
 * @param archive - path of the archive
 * @throws ERR_VARVE_WRONG_BASE where the directory is not what the archive is for; ERR_VARVE_DAMAGED, ERR_VARVE_FORMAT, ERR_VARVE_NOT_FOUND, ERR_VARVE_STORAGE for the
 *   archive; ERR_VARVE_TARGET where the directory cannot be used, or something is in the way; ERR_VARVE_LOCKED where another call is at it; ERR_VARVE_ABORTED
 */
export async function applyDiff(target: string, archive: string, options: ApplyOptions = {}): Promise<AppliedDiff> {
  return await applyInSteps(target, archive, options, new FileSteps())
}

/**
 * Brings an earlier {@link applyDiff} to an end that was interrupted, as the next one would.
 *
 * @param target - the directory
 * @throws ERR_VARVE_LOCKED where a process is still at it; ERR_VARVE_TARGET where not everything can be put back, and it can be tried again; ERR_VARVE_DAMAGED for the journal
 */
export async function recoverApply(target: string): Promise<Recovery> {
  const steps = new FileSteps()
  return await recoverWork(new WorkFolder(resolveTarget(target), steps), steps)
}

/** {@link applyDiff} with a choice of what is done to the file system. */
export async function applyInSteps(
  target: string,
  archive: string,
  options: ApplyOptions,
  steps: FileSteps,
): Promise<AppliedDiff> {
  const work = new WorkFolder(resolveTarget(target), steps)
  await using reader = await ArchiveReader.open(archive)
  const recovery = options.dryRun === true ? refuseInterrupted(work) : await recoverWork(work, steps)
  await using application = await Application.prepare(work, reader, `the archive '${archive}'`, options)
  const { counts, newBytes } = await application.verify()
  const leftOver = options.dryRun === true ? undefined : await application.carryOut(steps, newBytes)
  return { counts, bytesWritten: newBytes, recovery, leftOver }
}

/** One archive on its way into one directory. */
class Application implements AsyncDisposable {
  readonly #work: WorkFolder
  readonly #reader: ArchiveReader
  readonly #what: string
  readonly #options: ApplyOptions
  readonly #base: DirIndex
  readonly #exists: boolean

  private constructor(
    work: WorkFolder,
    reader: ArchiveReader,
    what: string,
    options: ApplyOptions,
    base: DirIndex,
    exists: boolean,
  ) {
    this.#work = work
    this.#reader = reader
    this.#what = what
    this.#options = options
    this.#base = base
    this.#exists = exists
  }

  /** Looks at the directory. */
  static async prepare(
    work: WorkFolder,
    reader: ArchiveReader,
    what: string,
    options: ApplyOptions,
  ): Promise<Application> {
    const exists = lstatSync(toFsPath(work.target), { throwIfNoEntry: false }) !== undefined
    const base = exists
      ? await indexTarget(work.target, reader.header.base, options.baseIndex, options)
      : DirIndex.empty()
    return new Application(work, reader, what, options, base, exists)
  }

  async verify(): Promise<{ readonly counts: ChangeCounts; readonly newBytes: number }> {
    const { signal, onProgress } = this.#options
    const { base, target } = this.#reader.header
    if (this.#base.stateHash === target.stateHash && base.stateHash !== target.stateHash)
      throw appliedAlready(this.#work.target)
    const counts = noChanges()
    const { stateHash, newBytes } = await verifySteps(this.#counted(counts), {
      target: this.#exists ? this.#work.target : undefined,
      what: this.#what,
      signal,
      meter: new ProgressMeter('verifying', onProgress),
    })
    if (this.#base.stateHash !== base.stateHash) throw wrongBase(this.#work.target)
    if (stateHash !== target.stateHash) {
      throw new VarveError('ERR_VARVE_DAMAGED', `${this.#what} does not make the directory that it should`)
    }
    return { counts, newBytes }
  }

  /** Returns what could not be removed afterwards. */
  async carryOut(steps: FileSteps, newBytes: number): Promise<string | undefined> {
    const { signal, onProgress } = this.#options
    const work = this.#work
    try {
      requireSameFileSystem(work, steps)
      requireSpace(dirname(work.path), newBytes)
      work.create()
    } catch (error) {
      throw targetFailure(work.target, error)
    }
    try {
      await work.furnish()
      await stage(this.#walk(), { work, steps, signal, meter: new ProgressMeter('preparing', onProgress) })
      throwIfAborted(signal)
      await commit(work, steps, signal)
      await this.#check()
      await work.mark('done')
    } catch (error) {
      await this.#undo(error, steps)
      return undefined
    }
    try {
      await bringToEnd(work, steps)
      return undefined
    } catch (error) {
      if (!isVarveError(error)) throw error
      return work.path
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#base.close()
  }

  /** Reads the directory again. */
  async #check(): Promise<void> {
    const { target } = this.#reader.header
    await using result = await indexTarget(this.#work.target, target, this.#base, this.#options)
    const { root } = target
    const isSameRoot = root === undefined || (root.mode === result.root?.mode && root.mtime === result.root.mtime)
    if (result.stateHash === target.stateHash && isSameRoot) return
    throw new VarveError('ERR_VARVE_TARGET', `'${this.#work.target}' did not become what it should`, {
      hint: 'another program may have changed it, or the file system does not keep all permissions, times or names',
    })
  }

  /** Puts everything back and throws what made that necessary, unless all was done already and only that could not be written down at once. */
  async #undo(error: unknown, steps: FileSteps): Promise<void> {
    const failure = targetFailure(this.#work.target, error)
    try {
      if ((await bringToEnd(this.#work, steps)) === 'finished') return
    } catch (second) {
      throw new VarveError(
        'ERR_VARVE_TARGET',
        `${failure instanceof Error ? failure.message : String(failure)}; and not everything could be put back: ${describeError(second)}`,
        {
          cause: error,
          hint: `what was there lies in '${this.#work.path}': keep it, and recover when the cause is gone`,
        },
      )
    }
    throw failure
  }

  async *#counted(counts: Record<keyof ChangeCounts, number>): AsyncGenerator<TargetStep, string> {
    const walk = this.#walk()
    for (;;) {
      const { done, value } = await walk.next()
      if (done === true) return value
      if (value.kind === 'change') counts[changeKind(value.change)]++
      yield value
    }
  }

  #walk(): AsyncGenerator<TargetStep, string> {
    const { root } = this.#reader.header.target
    const before: FolderState | undefined = this.#base.root && { type: 'dir', ...this.#base.root }
    const usual = { mode: NEW_FOLDER_MODE, mtime: BigInt(Date.now()) * 1_000_000n }
    const after: FolderState = { type: 'dir', ...(root ?? this.#base.root ?? usual) }
    return walkTarget(this.#base.entries(), this.#reader.changes(), { before, after }, this.#what)
  }
}

/** The directory as it is now, seen as the index saw it that the archive was made from. */
async function indexTarget(
  target: string,
  { rules }: DiffHeader['base'],
  previous: DirIndex | undefined,
  { signal, onProgress }: ApplyOptions,
): Promise<DirIndex> {
  let problem: string | undefined
  const index = await DirIndex.fromFolder(target, {
    ...rules,
    ...(previous === undefined ? {} : { previous }),
    signatures: false,
    signal,
    onProgress,
    onProblem: ({ path, message }) => {
      problem ??= `'${path}' cannot be read: ${message}`
    },
  })
  if (problem === undefined) return index
  await index.close()
  throw new VarveError('ERR_VARVE_TARGET', `'${target}' cannot be compared with the archive: ${problem}`)
}

function refuseInterrupted(work: WorkFolder): Recovery {
  if (!work.exists) return 'nothing'
  throw new VarveError('ERR_VARVE_TARGET', `earlier changes to '${work.target}' were interrupted`, {
    hint: 'recover the directory first',
  })
}

function appliedAlready(target: string): VarveError {
  return new VarveError('ERR_VARVE_WRONG_BASE', `'${target}' already is what the archive makes of it`)
}

function wrongBase(target: string): VarveError {
  return new VarveError(
    'ERR_VARVE_WRONG_BASE',
    `'${target}' is not the directory that the archive is for, or has changed`,
    {
      hint: 'the archive fits only the exact state that it was made from, permissions and times included',
    },
  )
}
