import { resolve } from 'node:path'
import { describeError, makeFolder, VarveError, type LongCall } from '@varve/platform'
import { MirrorLayout } from '../state/mirror-layout.ts'
import { lockMirror } from '../run/lock.ts'
import { lookAt } from '../increment/look-at.ts'

const OWN_FOLDER = 0o700

/**
 * Does something to the increments of a destination while nobody else does.
 *
 * @throws ERR_VARVE_NOT_FOUND where the destination is no folder; ERR_VARVE_LOCKED, also where an interrupted run has still to be finished; ERR_VARVE_TARGET; ERR_VARVE_ABORTED; what
 *   `work` throws
 */
export async function withLockedMirror<T>(
  destination: string,
  options: LongCall,
  work: (layout: MirrorLayout) => Promise<T>,
): Promise<T> {
  const layout = new MirrorLayout(resolve(destination))
  if (lookAt(layout.destination)?.isDirectory() !== true) {
    throw new VarveError('ERR_VARVE_NOT_FOUND', `'${destination}' is no folder`)
  }
  try {
    await makeFolder(layout.own, OWN_FOLDER)
  } catch (error) {
    throw new VarveError('ERR_VARVE_TARGET', `cannot change anything in '${destination}': ${describeError(error)}`, {
      cause: error,
    })
  }
  using lock = await lockMirror(layout, options)
  if (lookAt(layout.pending) !== undefined) {
    lock.release()
    throw new VarveError(
      'ERR_VARVE_LOCKED',
      `a run to '${destination}' was interrupted, and needs the increments as they are`,
      {
        hint: 'finish it first: run the mirror again',
      },
    )
  }
  const result = await work(layout)
  lock.release()
  return result
}
