import { dirname } from 'node:path'
import { VarveError } from '@varve/platform/errors'
import type { FolderState } from '../../directory-index/entry.ts'
import { parentPath } from '../../directory-index/entry-path.ts'
import type { FileSteps } from './file-steps.ts'
import type { WorkFolder } from './work-folder.ts'

/** What the owner of a folder needs to change what is in it. */
const OWNER_CHANGES = 0o300

/** Makes folders writable in which something is going to change, for users whom permissions concern. Their permissions are set again in the end. */
export async function makeWritable(work: WorkFolder, steps: FileSteps): Promise<void> {
  if (process.geteuid?.() === 0) return
  for await (const record of work.journal()) {
    if (record.kind !== 'folder' || record.before === undefined) continue
    if ((record.before.mode & OWNER_CHANGES) === OWNER_CHANGES) continue
    const path = work.inTarget(record.path)
    // It may be gone, when what was half done is being undone.
    if (steps.stat(path)?.isDirectory() === true) steps.setMode(path, 'dir', record.before.mode | 0o700)
  }
}

/** Sets permissions and times of all folders that were touched, those within before those around, and makes durable what is in them. */
export async function settleFolders(work: WorkFolder, steps: FileSteps, which: 'before' | 'after'): Promise<void> {
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
