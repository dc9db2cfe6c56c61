import { isVarveError, VarveError } from '@varve/platform/errors'
import { isId, parseId, shortId, type Id } from '../repository/id.ts'
import { isPartial } from '../repository/partial-snapshot.ts'
import type { OpenRepository } from '../repository/repository.ts'
import type { StoredSnapshot } from '../repository/snapshot.ts'
import { isEmptyFilter, matchesFilter, type SnapshotFilter } from './snapshot-filter.ts'

/** What somebody's name for a snapshot, or for a folder or file in one, stands for. */
export interface FoundSnapshot {
  readonly snapshot: StoredSnapshot
  /** What came after the colon; undefined where there was none, or nothing after it. */
  readonly path: string | undefined
}

/** What somebody's name for a snapshot stands for, whether the snapshot can be read or not. */
export interface FoundId {
  readonly id: Id
  /** As in {@link FoundSnapshot}. */
  readonly path: string | undefined
}

/** Ids that an error about an ambiguous prefix lists. */
const LISTED_CANDIDATES = 5

/**
 * Finds the snapshot that `text` names: its number in the list of all snapshots (1 is the oldest), its id or the beginning of it, `latest`, or
 * `latest~N` for the N-th before the latest, partial snapshots passed over. Each may be followed by `:path`. Digits up to the count of snapshots are a number, others an id.
 *
 * @param filter - restricts what `latest` looks at; names a single snapshot otherwise, so it is not looked at
 * @throws as {@link findSnapshotId}, and ERR_VARVE_DAMAGED where the snapshot cannot be read
 */
export async function findSnapshot(
  repository: OpenRepository,
  text: string,
  filter: SnapshotFilter = {},
): Promise<FoundSnapshot> {
  const { id, path } = await findSnapshotId(repository, text, filter)
  return { snapshot: await repository.loadSnapshot(id), path }
}

/**
 * {@link findSnapshot} without reading the snapshot where its id names it.
 *
 * @throws ERR_VARVE_SNAPSHOT_NOT_FOUND, ERR_VARVE_SNAPSHOT_AMBIGUOUS, ERR_VARVE_DAMAGED for a number or `latest` where some snapshot cannot be
 *   read: nobody knows which place it has in the order
 */
export async function findSnapshotId(
  repository: OpenRepository,
  text: string,
  filter: SnapshotFilter = {},
): Promise<FoundId> {
  const colon = text.indexOf(':')
  const name = colon < 0 ? text : text.slice(0, colon)
  const path = colon < 0 ? '' : text.slice(colon + 1)
  return { id: await findByName(repository, name, filter), path: path === '' ? undefined : path }
}

/**
 * All snapshots, oldest first, where their order matters.
 * @throws ERR_VARVE_DAMAGED where one cannot be read
 */
export async function snapshotsInOrder(repository: OpenRepository): Promise<readonly StoredSnapshot[]> {
  try {
    return await repository.snapshots()
  } catch (error) {
    if (!isVarveError(error, 'ERR_VARVE_DAMAGED')) throw error
    throw new VarveError(error.code, error.message, {
      hint: 'without it, the others have no numbers, and none is known to be the latest: name them by their ids',
      cause: error,
    })
  }
}

async function findByName(repository: OpenRepository, name: string, filter: SnapshotFilter): Promise<Id> {
  const latest = /^latest(?:~(\d{1,9}))?$/.exec(name)
  if (latest !== null) return findLatest(repository, Number(latest[1] ?? 0), filter)
  if (isId(name)) return assertStored(repository, name)
  const stored = await repository.storage.list('snapshot')
  if (/^[1-9]\d{0,8}$/.test(name) && Number(name) <= stored.length) return findNumbered(repository, Number(name))
  return findByPrefix(
    name,
    stored.map((file) => parseId(file.name)),
  )
}

async function findLatest(repository: OpenRepository, back: number, filter: SnapshotFilter): Promise<Id> {
  const all = (await snapshotsInOrder(repository)).filter((snapshot) => matchesFilter(snapshot, filter))
  const matching = all.filter((snapshot) => !isPartial(snapshot))
  const found = matching[matching.length - 1 - back]
  if (found !== undefined) return found.id
  const partial = all.at(-1)
  if (matching.length === 0 && partial !== undefined) {
    throw new VarveError('ERR_VARVE_SNAPSHOT_NOT_FOUND', 'there is no latest snapshot: there are only partial ones', {
      hint: `name a partial one for what it has, such as ${shortId(partial.id)}; a new snapshot goes on where it was interrupted`,
    })
  }
  const which = isEmptyFilter(filter) ? 'the repository has' : 'that host, path and tag match'
  throw new VarveError(
    'ERR_VARVE_SNAPSHOT_NOT_FOUND',
    matching.length === 0
      ? `there is no latest snapshot: ${isEmptyFilter(filter) ? 'the repository has none' : 'none matches host, path and tag'}`
      : `there is no snapshot ${back} before the latest: ${which} ${matching.length}`,
  )
}

async function findNumbered(repository: OpenRepository, number: number): Promise<Id> {
  const snapshots = await snapshotsInOrder(repository)
  const found = snapshots[number - 1]
  if (found !== undefined) return found.id
  throw new VarveError(
    'ERR_VARVE_SNAPSHOT_NOT_FOUND',
    `there is no snapshot ${number}: the repository has ${snapshots.length}`,
  )
}

function findByPrefix(name: string, ids: readonly Id[]): Id {
  const prefix = name.toLowerCase()
  const matching = /^[0-9a-f]+$/.test(prefix) ? ids.filter((id) => id.startsWith(prefix)) : []
  const [found] = matching
  if (found === undefined) throw notFound(name)
  if (matching.length === 1) return found
  const listed = matching
    .toSorted()
    .slice(0, LISTED_CANDIDATES)
    .map((id) => id.slice(0, Math.max(8, prefix.length + 4)))
    .join(', ')
  throw new VarveError(
    'ERR_VARVE_SNAPSHOT_AMBIGUOUS',
    `'${name}' is the beginning of ${matching.length} snapshot ids: ${listed}${matching.length > LISTED_CANDIDATES ? ', …' : ''}`,
    { hint: 'give more digits' },
  )
}

async function assertStored(repository: OpenRepository, id: Id): Promise<Id> {
  if ((await repository.storage.stat('snapshot', id)) === undefined) throw notFound(id)
  return id
}

function notFound(name: string): VarveError {
  return new VarveError('ERR_VARVE_SNAPSHOT_NOT_FOUND', `there is no snapshot '${name}'`, {
    hint: "name it by its number in the list, the beginning of its id, or 'latest'",
  })
}
