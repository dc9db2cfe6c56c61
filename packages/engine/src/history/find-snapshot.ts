import { VarveError } from '../errors.ts'
import { isId, parseId, type Id } from '../repository/id.ts'
import type { OpenRepository } from '../repository/repository.ts'
import type { StoredSnapshot } from '../repository/snapshot.ts'
import { isEmptyFilter, matchesFilter, type SnapshotFilter } from './snapshot-filter.ts'

/** What somebody's name for a snapshot, or for a folder or file in one, stands for. */
export interface FoundSnapshot {
  readonly snapshot: StoredSnapshot
  /** What came after the colon; undefined where there was none, or nothing after it. */
  readonly path: string | undefined
}

/** Ids that an error about an ambiguous prefix lists. */
const LISTED_CANDIDATES = 5

/**
 * Finds the snapshot that `text` names: its number in the list of all snapshots (1 is the oldest), its id or the beginning of it, `latest`, or
 * `latest~N` for the N-th before the latest. Each may be followed by `:path`. Digits up to the count of snapshots are a number, others an id.
 *
 * @param filter - restricts what `latest` looks at; names a single snapshot otherwise, so it is not looked at
 * @throws ERR_VARVE_SNAPSHOT_NOT_FOUND, ERR_VARVE_SNAPSHOT_AMBIGUOUS, ERR_VARVE_DAMAGED for a snapshot that cannot be read
 */
export async function findSnapshot(
  repository: OpenRepository,
  text: string,
  filter: SnapshotFilter = {},
): Promise<FoundSnapshot> {
  const colon = text.indexOf(':')
  const name = colon < 0 ? text : text.slice(0, colon)
  const path = colon < 0 ? '' : text.slice(colon + 1)
  const snapshot = await findByName(repository, name, filter)
  return { snapshot, path: path === '' ? undefined : path }
}

async function findByName(repository: OpenRepository, name: string, filter: SnapshotFilter): Promise<StoredSnapshot> {
  const latest = /^latest(?:~(\d{1,9}))?$/.exec(name)
  if (latest !== null) return findLatest(repository, Number(latest[1] ?? 0), filter)
  if (isId(name)) return loadNamed(repository, name)
  const stored = await repository.storage.list('snapshot')
  if (/^[1-9]\d{0,8}$/.test(name) && Number(name) <= stored.length) return findNumbered(repository, Number(name))
  return findByPrefix(
    repository,
    name,
    stored.map((file) => parseId(file.name)),
  )
}

async function findLatest(repository: OpenRepository, back: number, filter: SnapshotFilter): Promise<StoredSnapshot> {
  const matching = (await repository.snapshots()).filter((snapshot) => matchesFilter(snapshot, filter))
  const found = matching[matching.length - 1 - back]
  if (found !== undefined) return found
  const which = isEmptyFilter(filter) ? 'the repository has' : 'that host, path and tag match'
  throw new VarveError(
    'ERR_VARVE_SNAPSHOT_NOT_FOUND',
    matching.length === 0
      ? `there is no latest snapshot: ${isEmptyFilter(filter) ? 'the repository has none' : 'none matches host, path and tag'}`
      : `there is no snapshot ${back} before the latest: ${which} ${matching.length}`,
  )
}

async function findNumbered(repository: OpenRepository, number: number): Promise<StoredSnapshot> {
  const snapshots = await repository.snapshots()
  const found = snapshots[number - 1]
  if (found !== undefined) return found
  throw new VarveError(
    'ERR_VARVE_SNAPSHOT_NOT_FOUND',
    `there is no snapshot ${number}: the repository has ${snapshots.length}`,
  )
}

async function findByPrefix(repository: OpenRepository, name: string, ids: readonly Id[]): Promise<StoredSnapshot> {
  const prefix = name.toLowerCase()
  const matching = /^[0-9a-f]+$/.test(prefix) ? ids.filter((id) => id.startsWith(prefix)) : []
  const [found] = matching
  if (found === undefined) throw notFound(name)
  if (matching.length === 1) return loadNamed(repository, found)
  const listed = matching
    .toSorted()
    .slice(0, LISTED_CANDIDATES)
    .map((id) => id.slice(0, Math.max(8, prefix.length + 4)))
    .join(', ')
  throw new VarveError(
    'ERR_VARVE_SNAPSHOT_AMBIGUOUS',
    `'${name}' is the beginning of ${matching.length} snapshot ids: ${listed}${matching.length > LISTED_CANDIDATES ? ', …' : ''}`,
    { hint: 'Give more digits.' },
  )
}

async function loadNamed(repository: OpenRepository, id: Id): Promise<StoredSnapshot> {
  if ((await repository.storage.stat('snapshot', id)) === undefined) throw notFound(id)
  return repository.loadSnapshot(id)
}

function notFound(name: string): VarveError {
  return new VarveError('ERR_VARVE_SNAPSHOT_NOT_FOUND', `there is no snapshot '${name}'`, {
    hint: "Name it by its number in the list, the beginning of its id, or 'latest'.",
  })
}
