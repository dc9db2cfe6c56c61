import { VarveError } from '@varve/platform/errors'
import { replacesEntry, type Change } from '../change.ts'
import type { FileSteps } from './file-steps.ts'
import { flushTouched, makeWritable, requireFolderAround, settle } from './folder-access.ts'
import type { WorkFolder } from './work-folder.ts'

/**
 * Undoes what {@link commit} did, wherever it was stopped, and wherever an earlier attempt to undo it was: each step looks whether it has been taken.
 *
 * @throws the system's error; ERR_VARVE_TARGET where somebody else put something where an entry belongs; ERR_VARVE_DAMAGED for the journal
 */
export async function rollBack(work: WorkFolder, steps: FileSteps): Promise<void> {
  // Everything in it is checked before anything is believed.
  for await (const record of work.journal()) void record
  await makeWritable(work, steps)
  if (work.state === 'adding') {
    await takeBack(work, steps)
    await flushTouched(work, steps)
    // From here on what is missing in the work folder has been put back, and was not added.
    await work.unmarkAdding()
  }
  for await (const record of work.journal()) {
    if (record.kind === 'change') putBack(record.change, work, steps)
  }
  await settle(work, steps, 'before')
}

/** Takes away what was added. */
async function takeBack(work: WorkFolder, steps: FileSteps): Promise<void> {
  for await (const record of work.journal()) {
    if (record.kind !== 'change') continue
    const { path, after, source } = record.change
    if (after === undefined || after.type === 'dir' || !replacesEntry(record.change)) continue
    // Where it is missing in the work folder it was added.
    const from = source === undefined ? work.inNew(path) : work.inOld(source)
    const target = work.inTarget(path)
    if (steps.stat(from) !== undefined) continue
    requireFolderAround(path, work, steps)
    steps.rename(target, from)
  }
  for await (const record of work.journal()) {
    if (record.kind !== 'folder' || record.before !== undefined) continue
    const path = work.inTarget(record.path)
    if (steps.stat(path)?.isDirectory() === true) steps.removeFolder(path)
  }
}

/** Puts back what was put away, folders before what is in them, with the metadata that it had. */
function putBack(change: Change, work: WorkFolder, steps: FileSteps): void {
  const { path, before, after, isSource } = change
  if (before === undefined) return
  const target = work.inTarget(path)
  if (before.type === 'dir') {
    if (after?.type !== 'dir' && steps.stat(target) === undefined) steps.makeFolder(target)
    return
  }
  const isReplaced = replacesEntry(change)
  const old = work.inOld(path)
  if (isReplaced && steps.stat(old) !== undefined) {
    requireFolderAround(path, work, steps)
    if (steps.stat(target) !== undefined) throw inTheWay(path, old)
    steps.rename(old, target)
  }
  if (!isReplaced || isSource) steps.setMetadata(target, before.type, before.mode, before.mtime)
}

function inTheWay(path: string, old: string): VarveError {
  return new VarveError(
    'ERR_VARVE_TARGET',
    `'${path}' cannot be put back: another program put something in its place`,
    {
      hint: `move that away, and try again; what belongs there is '${old}'`,
    },
  )
}
