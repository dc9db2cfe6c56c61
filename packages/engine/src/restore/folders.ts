import { mkdirSync, type BigIntStats } from 'node:fs'
import { dirname } from 'node:path'
import { describeError, systemErrorCode, VarveError } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import type { Platform } from '@varve/platform'
import { fileModeFromPosix } from '../repository/file-mode.ts'
import type { Breather } from './breather.ts'
import { changeFolderMode, type MetadataWriter } from './metadata-writer.ts'
import { lookAt } from './plan-context.ts'
import { EntryMark } from './entry-mark.ts'
import type { PlannedEntries } from './planned-entries.ts'
import { removeObstacle } from './removal.ts'
import type { RestoreReporter } from './restore-reporter.ts'
import { throwIfTargetFailed } from './target-failure.ts'

/** Only the owner gets into a folder before its owner and mode are right. */
const NEW_MODE = 0o700

/** Bits of a mode that the owner needs to work in a folder. */
const OWNER_ALL = 0o700n

/** The extended attribute that keeps the access control list which a folder gives to what is made in it. */
const DEFAULT_ACL = 'system.posix_acl_default'

/** What working on the folders of a plan needs. */
export interface FolderOptions {
  readonly entries: PlannedEntries
  readonly platform: Platform
  readonly breather: Breather
  readonly onFailure: (entry: number, message: string) => void
}

/**
 * Makes the folders of a range of a plan's entries, each after those that it lies in, and makes sure that those which were there are folders
 * still, and no links. What lies in a folder that cannot be made is marked as failed and reported, too.
 *
 * @param first - number of the first entry; 0, the target, has to come before all others
 * @param end - number after that of the last one
 * @throws ERR_VARVE_TARGET, ERR_VARVE_ABORTED
 */
export async function makeFolders(options: FolderOptions, first: number, end: number): Promise<void> {
  const { entries, platform, breather, onFailure } = options
  if (first === 0) {
    makeTarget(entries.target, entries.action(0) === 'make')
    markBestowing(entries, 0, platform)
  }
  for (let entry = Math.max(1, first); entry < end; entry++) {
    if (breather.isDue) await breather.breathe()
    if (entries.isMarked(entries.parent(entry), EntryMark.failed)) {
      if (entries.action(entry) === 'skip') continue
      entries.mark(entry, EntryMark.failed)
      onFailure(entry, 'its folder could not be made')
    } else if (entries.isFolder(entry)) {
      try {
        makeFolder(entry, entries, platform)
      } catch (error) {
        throwIfTargetFailed(error, entries.path(entry))
        entries.mark(entry, EntryMark.failed)
        onFailure(entry, describeError(error))
      }
    }
  }
}

/**
 * Sets the metadata of all folders, each after those within it, since a mode may close a folder to its owner.
 * @throws ERR_VARVE_ABORTED
 */
export async function finishFolders(
  options: FolderOptions,
  metadataWriter: MetadataWriter,
  reporter: RestoreReporter,
): Promise<void> {
  const { entries, breather, onFailure } = options
  for (let entry = entries.count - 1; entry >= 0; entry--) {
    if (breather.isDue) await breather.breathe()
    if (!entries.isFolder(entry) || entries.isMarked(entry, EntryMark.failed)) continue
    const metadata = entries.metadata(entry)
    const before = { stats: undefined, hasAttributes: mayHaveAttributes(entries, entry) }
    const failure = metadata && metadataWriter.setOfFolder(entries.path(entry), metadata, before)
    entries.mark(entry, EntryMark.done)
    if (failure !== undefined) onFailure(entry, failure)
    if (entry > 0) reporter.item(entries.action(entry), () => entries.path(entry), 'dir', 0)
  }
}

function makeTarget(path: string, isMissing: boolean): void {
  if (!isMissing) return
  try {
    mkdirSync(toFsPath(dirname(path)), { recursive: true })
    mkdirSync(toFsPath(path), NEW_MODE)
  } catch (error) {
    throw new VarveError('ERR_VARVE_TARGET', `cannot make '${path}': ${describeError(error)}`, { cause: error })
  }
}

function makeFolder(entry: number, entries: PlannedEntries, platform: Platform): void {
  const path = entries.path(entry)
  try {
    mkdirSync(toFsPath(path), NEW_MODE)
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error
    const present = lookAt(path)
    if (present?.isDirectory() === true) {
      unlock(path, present)
      markBestowing(entries, entry, platform)
      return
    }
    removeObstacle(path, platform.separator, false)
    mkdirSync(toFsPath(path), NEW_MODE)
  }
  if (entries.isMarked(entries.parent(entry), EntryMark.bestowing)) entries.mark(entry, EntryMark.bestowing)
}

/** Marks a folder that was there if what is made in it gets extended attributes: a default access control list is handed down (acl(5)). */
function markBestowing(entries: PlannedEntries, entry: number, { extendedAttributes }: Platform): void {
  const attributes = extendedAttributes?.read(entries.path(entry)) ?? []
  if (attributes.some(({ name }) => name === DEFAULT_ACL)) entries.mark(entry, EntryMark.bestowing)
}

function mayHaveAttributes(entries: PlannedEntries, entry: number): boolean {
  return entries.action(entry) !== 'make' || entries.isMarked(entries.parent(entry), EntryMark.bestowing)
}

/** Lets the owner of a folder work in it. Its own mode comes at the end. */
function unlock(path: string, present: BigIntStats): void {
  if ((present.mode & OWNER_ALL) === OWNER_ALL || process.geteuid?.() === 0) return
  changeFolderMode(path, fileModeFromPosix(Number(present.mode | OWNER_ALL)))
}
