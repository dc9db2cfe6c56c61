import { throwIfAborted, VarveError } from '@varve/platform/errors'
import type { EntryState } from '../../directory-index/entry.ts'
import { replacesEntry, type Change } from '../change.ts'
import type { FileSteps } from './file-steps.ts'
import { flushTouched, makeWritable, requireFolderAround, settle } from './folder-access.ts'
import type { WorkFolder } from './work-folder.ts'

/**
 * Does what the journal says: puts away what goes, then adds what is new, then sets metadata of folders. At any point the work folder and the journal say how to
 * undo it. Nothing is overwritten, and nothing is deleted.
 *
 * @throws the system's error; ERR_VARVE_TARGET where the directory is being changed by somebody else; ERR_VARVE_ABORTED
 */
export async function commit(work: WorkFolder, steps: FileSteps, signal: AbortSignal | undefined): Promise<void> {
  await makeWritable(work, steps)
  for await (const record of work.journal()) {
    throwIfAborted(signal)
    if (record.kind === 'change') putAway(record.change, work, steps)
  }
  for await (const record of work.journal()) {
    if (record.kind === 'folder' && record.after === undefined) steps.removeFolder(work.inTarget(record.path))
  }
  await flushTouched(work, steps)
  await work.mark('adding')
  if (steps.stat(work.target) === undefined) steps.makeFolder(work.target)
  for await (const record of work.journal()) {
    throwIfAborted(signal)
    if (record.kind === 'change') add(record.change, work, steps)
  }
  await settle(work, steps, 'after')
}

function putAway(change: Change, work: WorkFolder, steps: FileSteps): void {
  const { path, before } = change
  if (before === undefined || before.type === 'dir' || !replacesEntry(change)) return
  requireFolderAround(path, work, steps)
  requireUntouched(path, before, work, steps)
  steps.rename(work.inTarget(path), work.inOld(path))
}

function add(change: Change, work: WorkFolder, steps: FileSteps): void {
  const { path, after, source } = change
  if (after === undefined) return
  const target = work.inTarget(path)
  if (!replacesEntry(change)) {
    if (after.type === 'dir') return
    requireFolderAround(path, work, steps)
    steps.setMetadata(target, after.type, after.mode, after.mtime)
    return
  }
  requireFolderAround(path, work, steps)
  if (steps.stat(target) !== undefined) throw changedMeanwhile(path)
  if (after.type === 'dir') {
    steps.makeFolder(target)
    return
  }
  steps.rename(source === undefined ? work.inNew(path) : work.inOld(source), target)
  if (source !== undefined) steps.setMetadata(target, after.type, after.mode, after.mtime)
}

/** It was looked at a while ago, and should be put away only as what it was then. */
function requireUntouched(path: string, before: EntryState, work: WorkFolder, steps: FileSteps): void {
  const stats = steps.stat(work.inTarget(path))
  const isSame =
    stats?.mtimeNs === before.mtime &&
    stats.isFile() === (before.type === 'file') &&
    stats.isSymbolicLink() === (before.type === 'symlink') &&
    (before.type !== 'file' || Number(stats.size) === before.size)
  if (!isSame) throw changedMeanwhile(path)
}

function changedMeanwhile(path: string): VarveError {
  return new VarveError(
    'ERR_VARVE_TARGET',
    `'${path}' was changed by another program while the archive was being applied`,
    {
      hint: 'try again when nothing else changes the directory',
    },
  )
}
