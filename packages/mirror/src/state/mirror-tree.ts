import type { MirrorTree } from '../history/history.ts'
import { trackedEntries } from '../scan/tracked-entries.ts'
import { MirrorLayout } from './mirror-layout.ts'
import { readState } from './state-file.ts'

/**
 * What of a mirror increments keep the history of, as the last run left it.
 *
 * @param destination - the folder that holds mirror and increments
 * @returns undefined where nobody knows: no run was made yet, or its state is lost, which the next run makes anew
 * @throws the system's error where the state cannot be read
 */
export function readMirrorTree(destination: string): MirrorTree | undefined {
  const state = readState(new MirrorLayout(destination).state)
  return state === undefined ? undefined : { after: state.increment, entries: [...trackedEntries(state.table)] }
}
