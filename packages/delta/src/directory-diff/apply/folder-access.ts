import { dirname } from 'node:path'
import { VarveError } from '@varve/platform/errors'
import type { FolderState } from '../../directory-index/entry.ts'
import { parentPath } from '../../directory-index/entry-path.ts'
import { replacesEntry } from '../change.ts'
import type { FileSteps } from './file-steps.ts'
import { FlushQueue } from './flush-queue.ts'
import type { WorkFolder } from './work-folder.ts'

/** What the owner of a folder needs to change what is in it, and to get to what is below. */
const OWNER_CHANGES = 0o700
const OWNER_ENTERS = 0o100

/** Makes folders writable in which something is going to change, for users whom permissions concern. Their permissions are set again in the end. */
export async function makeWritable(work: WorkFolder, steps: FileSteps): Promise<void> {
  if (process.geteuid?.() === 0) return
  for await (const record of work.journal()) {
    if (record.kind !== 'folder') continue
    // What was half done may have left a folder around it that cannot be entered, and is touched like this one: all others were entered to index them.
    for (let end = 0; end < record.path.length; end = endOfName(record.path, end)) {
      allowOwner(work.inTarget(record.path.slice(0, end)), OWNER_ENTERS, steps)
    }
    allowOwner(work.inTarget(record.path), OWNER_CHANGES, steps)
  }
}

function allowOwner(path: string, permissions: number, steps: FileSteps): void {
  const stats = steps.stat(path)
  // It may not be there yet, or not be there any more.
  if (stats?.isDirectory() !== true || Number(stats.uid) !== process.geteuid?.()) return
  const mode = Number(stats.mode & 0o7777n)
  if ((mode & permissions) !== permissions) steps.setMode(path, 'dir', mode | OWNER_CHANGES)
}

/** Where the name ends that comes after the one which ends at `end`. */
function endOfName(path: string, end: number): number {
  const slash = path.indexOf('/', end + 1)
  return slash < 0 ? path.length : slash
}

/**
 * Sets permissions and times of all folders that were touched, those within before those around, and makes durable what is in them, and the metadata of files that
 * was set where they are.
 */
export async function settle(work: WorkFolder, steps: FileSteps, which: 'before' | 'after'): Promise<void> {
  await flushMetadata(work, steps, which)
  for await (const record of work.journal()) {
    if (record.kind !== 'folder') continue
    const state: FolderState | undefined = record[which]
    if (state === undefined) continue
    const path = work.inTarget(record.path)
    steps.setMetadata(path, 'dir', state.mode, state.mtime)
    await steps.flushFolder(path)
  }
  await steps.flushFolder(dirname(work.target))
}

async function flushMetadata(work: WorkFolder, steps: FileSteps, which: 'before' | 'after'): Promise<void> {
  const flushing = new FlushQueue()
  try {
    for await (const record of work.journal()) {
      if (record.kind !== 'change' || record.change[which]?.type !== 'file') continue
      const { path, source, isSource } = record.change
      const isSetInPlace = !replacesEntry(record.change) || (which === 'after' ? source !== undefined : isSource)
      if (isSetInPlace) await flushing.add(steps.flushFile(work.inTarget(path)))
    }
  } finally {
    await flushing.finish()
  }
}

/** Makes durable which names the folders have that are touched and stay, and those of the work folder. */
export async function flushTouched(work: WorkFolder, steps: FileSteps): Promise<void> {
  for (const folder of ['old', 'new']) await steps.flushFolder(`${work.path}/${folder}`)
  for await (const record of work.journal()) {
    if (record.kind === 'folder' && record.before !== undefined && record.after !== undefined) {
      await steps.flushFolder(work.inTarget(record.path))
    }
  }
}

/**
 * Sees that all folders on the way to an entry are folders: none of them a symbolic link that somebody put there meanwhile, and that leads elsewhere.
 * @throws ERR_VARVE_UNSAFE_PATH
 */
export function requireFolderAround(path: string, work: WorkFolder, steps: FileSteps): void {
  for (let folder = parentPath(path); folder !== ''; folder = parentPath(folder)) {
    if (steps.stat(work.inTarget(folder))?.isDirectory() === true) continue
    throw new VarveError(
      'ERR_VARVE_UNSAFE_PATH',
      `'${folder}' is not a folder any more: nothing is written to '${path}'`,
    )
  }
}
