import {
  findSnapshot,
  type FoundSnapshot,
  type Id,
  isVarveError,
  type OpenRepository,
  type SnapshotFilter,
  type StoredSnapshot,
  timestampToNanoseconds,
  VarveError,
} from '@varve/engine'
import { formatTime } from './format/format-time.ts'

/** Fewer digits than lists show of an id: whoever writes them means a number. */
const NUMBER = /^(\d{1,7})(?::(.*))?$/s

/**
 * The snapshot, or the place in one, that somebody names: see `findSnapshot`. Few digits are a number here and nothing else: in a list of three snapshots,
 * `9` is a mistake, and must not remove the one whose id happens to start so.
 *
 * @throws ERR_VARVE_SNAPSHOT_NOT_FOUND, and what `findSnapshot` throws
 */
export async function findNamedSnapshot(
  repository: OpenRepository,
  name: string,
  filter: SnapshotFilter = {},
): Promise<FoundSnapshot> {
  const [, number, path] = NUMBER.exec(name) ?? []
  if (number === undefined) return findSnapshot(repository, name, filter)
  const snapshot = (await repository.snapshots())[Number(number) - 1]
  if (snapshot !== undefined) return { snapshot, path: path === '' ? undefined : path }
  throw new VarveError('ERR_VARVE_SNAPSHOT_NOT_FOUND', `Snapshot ${number} does not exist`, {
    hint: 'varve list shows the snapshots and their numbers',
  })
}

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

function timeOf({ time }: StoredSnapshot): string {
  return formatTime(Number(timestampToNanoseconds(time) / 1_000_000n))
}
