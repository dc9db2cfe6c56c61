import { constants, copyFileSync, linkSync, symlinkSync } from 'node:fs'
import { describeError, systemErrorCode } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import type { Platform } from '@varve/platform'
import type { Breather } from './breather.ts'
import type { MetadataWriter } from './metadata-writer.ts'
import { lookAt } from './plan-context.ts'
import { EntryMark } from './entry-mark.ts'
import { removeObstacle } from './removal.ts'
import type { RestorePlan } from './restore-plan.ts'
import type { RestoreReporter } from './restore-reporter.ts'
import { throwIfTargetFailed } from './target-failure.ts'

/** Errors that file systems give which have no hard links, or no more of them. */
const NO_LINK: ReadonlySet<string | undefined> = new Set([
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EMLINK',
  'EXDEV',
])

/** What making links and special files needs. */
export interface LinkOptions {
  readonly plan: RestorePlan
  readonly platform: Platform
  /** Whether a folder that is not empty may go. */
  readonly recursive: boolean
  readonly metadataWriter: MetadataWriter
  readonly reporter: RestoreReporter
  readonly breather: Breather
  readonly onFailure: (entry: number, message: string) => void
}

/**
 * Makes all entries that are neither folders nor files with content of their own: symbolic and hard links, FIFOs and devices. It comes after the files, so
 * that hard links have something to link to, and no symbolic link of the snapshot is there while files are being written.
 *
 * @throws ERR_VARVE_TARGET, ERR_VARVE_ABORTED
 */
export async function makeLinksAndSpecials(options: LinkOptions): Promise<void> {
  const { plan, breather, reporter, onFailure } = options
  const { entries } = plan
  for (let entry = 1; entry < entries.count; entry++) {
    if (entries.isFolder(entry) || (entries.isFile(entry) && entries.linkedTo(entry) === 0)) continue
    if (entries.action(entry) === 'skip' || entries.isMarked(entry, EntryMark.failed)) continue
    if (breather.isDue) await breather.breathe()
    try {
      const failure = make(entry, options)
      entries.mark(entry, EntryMark.done)
      if (failure !== undefined) onFailure(entry, failure)
      reporter.filesDone++
      reporter.item(entries.action(entry), () => entries.path(entry), entries.type(entry), entries.size(entry))
    } catch (error) {
      throwIfTargetFailed(error, entries.path(entry))
      entries.mark(entry, EntryMark.failed)
      onFailure(entry, describeError(error))
    }
  }
}

/** @returns what went wrong with the metadata, if anything */
function make(entry: number, options: LinkOptions): string | undefined {
  const { plan, platform, recursive } = options
  const { entries } = plan
  const path = entries.path(entry)
  const isThere = entries.action(entry) === 'keep'
  if (entries.action(entry) === 'replace') removeObstacle(path, platform.separator, recursive)
  const type = entries.type(entry)
  switch (type) {
    case 'file':
      return link(entry, path, isThere, options)
    case 'symlink':
      if (!isThere) symlinkSync(toFsPath(plan.linkTargets.get(entry) ?? ''), toFsPath(path))
      break
    case 'fifo':
    case 'dev':
    case 'chardev':
      if (!isThere) platform.makeSpecial(path, type, plan.devices.get(entry) ?? 0n)
      break
    case 'dir':
    case 'socket':
    case 'irregular':
      throw new Error(`a ${type} is no link and no special file`)
  }
  return setMetadata(entry, path, options)
}

function link(entry: number, path: string, isThere: boolean, options: LinkOptions): string | undefined {
  const { entries } = options.plan
  const first = entries.linkedTo(entry)
  if (!entries.isMarked(first, EntryMark.done)) {
    throw new Error(`the file that it is a hard link to, '${entries.path(first)}', could not be restored`)
  }
  if (isThere) return undefined
  try {
    linkSync(toFsPath(entries.path(first)), toFsPath(path))
    return undefined
  } catch (error) {
    if (!NO_LINK.has(systemErrorCode(error))) throw error
  }
  copyFileSync(toFsPath(entries.path(first)), toFsPath(path), constants.COPYFILE_EXCL)
  return setMetadata(entry, path, options)
}

function setMetadata(entry: number, path: string, { plan, metadataWriter }: LinkOptions): string | undefined {
  const metadata = plan.entries.metadata(entry)
  if (metadata === undefined) return undefined
  const stats = plan.entries.action(entry) === 'keep' ? lookAt(path) : undefined
  const before = { stats, hasAttributes: true }
  return plan.entries.type(entry) === 'symlink'
    ? metadataWriter.setOfLink(path, metadata, before)
    : metadataWriter.setOfSpecial(path, metadata, before)
}
