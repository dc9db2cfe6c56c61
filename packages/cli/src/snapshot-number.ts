import {
  findSnapshot,
  type Id,
  isVarveError,
  type OpenRepository,
  type StoredSnapshot,
  timestampToNanoseconds,
  VarveError,
} from '@varve/engine'
import { formatTime } from './format/format-time.ts'

/** The number of a snapshot in the list of all: 1 is the oldest. Undefined where it is not there. */
export async function snapshotNumber(repository: OpenRepository, id: Id): Promise<number | undefined> {
  const index = (await repository.snapshots()).findIndex((snapshot) => snapshot.id === id)
  return index < 0 ? undefined : index + 1
}

/** Number and time of each snapshot, for people; none where they cannot all be read and so have no numbers. */
export async function snapshotTitles(repository: OpenRepository): Promise<ReadonlyMap<Id, string>> {
  try {
    const snapshots = await repository.snapshots()
    return new Map(snapshots.map((snapshot, i) => [snapshot.id, `Snapshot ${i + 1} (${timeOf(snapshot)})`]))
  } catch (error) {
    if (isVarveError(error, 'ERR_VARVE_DAMAGED')) return new Map()
    throw error
  }
}

/**
 * The snapshot that the value of `--snapshot` or `--snapshot-number` names. Digits are a number and nothing else here: the beginning of an
 * id that happens to consist of digits would be another snapshot than the one that was meant.
 *
 * @throws ERR_VARVE_SNAPSHOT_NOT_FOUND, and what `findSnapshot` throws
 */
export async function findNumberedSnapshot(repository: OpenRepository, text: string): Promise<StoredSnapshot> {
  if (!/^\d+$/.test(text)) return (await findSnapshot(repository, text)).snapshot
  const found = (await repository.snapshots())[Number(text) - 1]
  if (found !== undefined) return found
  throw new VarveError('ERR_VARVE_SNAPSHOT_NOT_FOUND', `Snapshot ${text} does not exist`, {
    hint: 'varve list shows the snapshots and their numbers',
  })
}

function timeOf({ time }: StoredSnapshot): string {
  return formatTime(Number(timestampToNanoseconds(time) / 1_000_000n))
}
