import {
  findSnapshotId,
  type FoundId,
  type FoundSnapshot,
  type Id,
  isVarveError,
  type OpenRepository,
  type SnapshotFilter,
  snapshotsInOrder,
  type StoredSnapshot,
  timestampToNanoseconds,
  VarveError,
} from '@varve/engine'
import { formatTime } from './format/format-time.ts'

/** Fewer digits than lists show of an id: whoever writes them means a number. */
const NUMBER = /^(\d{1,7})(?::(.*))?$/s

/**
 * The snapshot, or the place in one, that somebody names: see {@link findNamedId}.
 * @throws as that, and ERR_VARVE_DAMAGED where the snapshot cannot be read
 */
export async function findNamedSnapshot(
  repository: OpenRepository,
  name: string,
  filter: SnapshotFilter = {},
): Promise<FoundSnapshot> {
  const { id, path } = await findNamedId(repository, name, filter)
  return { snapshot: await repository.loadSnapshot(id), path }
}

/**
 * What `findSnapshotId` finds, but that few digits are a number here and nothing else: in a list of three snapshots, `9` is a mistake, and must not
 * remove the one whose id happens to start so.
 *
 * @throws ERR_VARVE_SNAPSHOT_NOT_FOUND, and what `findSnapshotId` throws
 */
export async function findNamedId(
  repository: OpenRepository,
  name: string,
  filter: SnapshotFilter = {},
): Promise<FoundId> {
  const [, number, path] = NUMBER.exec(name) ?? []
  if (number === undefined) return findSnapshotId(repository, name, filter)
  const snapshot = (await snapshotsInOrder(repository))[Number(number) - 1]
  if (snapshot !== undefined) return { id: snapshot.id, path: path === '' ? undefined : path }
  throw new VarveError('ERR_VARVE_SNAPSHOT_NOT_FOUND', `Snapshot ${number} does not exist`, {
    hint: 'varve list shows the snapshots and their numbers',
  })
}

/** The number of each snapshot in the list of all: 1 is the oldest. None has one where some cannot be read. */
export async function snapshotNumbers(repository: OpenRepository): Promise<ReadonlyMap<Id, number>> {
  return new Map((await whatHasOrder(repository)).map(({ id }, i) => [id, i + 1]))
}

/** Number and time of each snapshot, for people; none where they cannot all be read and so have no numbers. */
export async function snapshotTitles(repository: OpenRepository): Promise<ReadonlyMap<Id, string>> {
  const snapshots = await whatHasOrder(repository)
  return new Map(snapshots.map((snapshot, i) => [snapshot.id, `Snapshot ${i + 1} (${timeOf(snapshot)})`]))
}

/** All snapshots, oldest first; none where some cannot be read. What a command has done is not undone by that. */
async function whatHasOrder(repository: OpenRepository): Promise<readonly StoredSnapshot[]> {
  try {
    return await repository.snapshots()
  } catch (error) {
    if (isVarveError(error)) return []
    throw error
  }
}

function timeOf({ time }: StoredSnapshot): string {
  return formatTime(Number(timestampToNanoseconds(time) / 1_000_000n))
}
