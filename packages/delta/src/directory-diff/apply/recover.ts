import { describeError, isVarveError, systemErrorCode, VarveError } from '@varve/platform/errors'
import type { FileSteps } from './file-steps.ts'
import { rollBack } from './rollback.ts'
import type { WorkFolder } from './work-folder.ts'

/** What became of work that was interrupted: there was none that had not come to its end; the directory is as it was before; the directory has all changes. */
export type Recovery = 'nothing' | 'rolled-back' | 'finished'

/**
 * Brings work to an end that was interrupted: all changes are there, and only left-overs have to go, or all changes are undone.
 *
 * @throws ERR_VARVE_LOCKED where a process is still at it; ERR_VARVE_TARGET where it cannot be undone, and can be tried again; ERR_VARVE_DAMAGED
 */
export async function recoverWork(work: WorkFolder, steps: FileSteps): Promise<Recovery> {
  if (!work.exists) return 'nothing'
  try {
    if (work.isEmpty) {
      steps.removeFolder(work.path)
      return 'nothing'
    }
    await work.takeOver()
  } catch (error) {
    if (!isVarveError(error, 'ERR_VARVE_LOCKED')) work.release()
    throw interrupted(work, error)
  }
  return await bringToEnd(work, steps)
}

/**
 * As {@link recoverWork}, for a work folder that is this process's.
 *
 * @throws ERR_VARVE_TARGET, ERR_VARVE_DAMAGED
 */
export async function bringToEnd(work: WorkFolder, steps: FileSteps): Promise<Recovery> {
  try {
    const { state } = work
    if (state === 'removing' || state === 'adding') await rollBack(work, steps)
    await work.remove()
    return state === 'done' ? 'finished' : 'rolled-back'
  } catch (error) {
    throw interrupted(work, error)
  } finally {
    work.release()
  }
}

function interrupted(work: WorkFolder, error: unknown): unknown {
  if (systemErrorCode(error) === undefined) return error
  return new VarveError(
    'ERR_VARVE_TARGET',
    `changes to '${work.target}' were interrupted, and cannot be brought to an end: ${describeError(error)}`,
    { cause: error, hint: `keep '${work.path}', where entries of it may lie, and try again` },
  )
}
