import { plainLength } from '../repository/blob.ts'
import type { BlobIndex } from '../repository/blob-index.ts'
import { idFromBytes } from '../repository/id.ts'
import type { IndexedRepository } from '../repository/repository.ts'
import type { StoredSnapshot } from '../repository/snapshot.ts'
import { BlobOwners } from './blob-owners.ts'
import { FolderSizes } from './folder-sizes.ts'
import { TreeLoader } from '../repository/tree-loader.ts'
import { visitTrees } from './visit-trees.ts'

/**
 * Which content counts as a snapshot's own: `first-added`, what it was the first to hold, in the order of time; `freed`, what no other
 * snapshot holds, so that removing it alone would free that.
 */
export type DistinctSize = 'first-added' | 'freed'

/** Sizes of snapshots, in their order. Undefined stands for one that cannot be read in full. */
export interface SnapshotSizes {
  readonly size: readonly (number | undefined)[]
  readonly distinctSize: readonly (number | undefined)[]
  /** Content of all snapshots together, each piece once. */
  readonly total: number
  /** A sentence for each folder that cannot be read and each piece of content that is missing. */
  readonly problems: readonly string[]
}

/**
 * Measures snapshots. Every distinct folder is read once, or twice where `freed` is asked for and several snapshots hold it.
 *
 * @param snapshots - all of the repository, oldest first
 * @throws ERR_VARVE_ABORTED
 */
export async function measureSnapshots(
  repository: IndexedRepository,
  snapshots: readonly StoredSnapshot[],
  distinct: DistinctSize,
  signal?: AbortSignal,
): Promise<SnapshotSizes> {
  const { index } = repository
  const trees = new TreeLoader(repository)
  const owners = new BlobOwners(index.entryCount, distinct === 'freed')
  const folders = new FolderSizes(index)
  const problems = new Map<string, string>()
  const added = snapshots.map(() => 0)

  for (const [number, snapshot] of snapshots.entries()) {
    await visitTrees(
      trees,
      [snapshot.tree],
      {
        enter(id) {
          const entry = index.entryNumber('tree', id)
          return entry === -1 ? !problems.has(id) : owners.claim(entry, number) !== 'known'
        },
        visit(id, tree) {
          folders.add(id, tree)
          tree.forEachContent((data) => {
            const entry = index.entryNumberOfBytes('data', data)
            if (entry === -1) {
              const missing = idFromBytes(data)
              problems.set(missing, `no index knows content ${missing}, which folder ${id} needs`)
            } else if (owners.claim(entry, number) === 'new') {
              added[number] = (added[number] ?? 0) + index.plainLength(entry)
            }
          })
        },
        failed: (id, error) => problems.set(id, error.message),
      },
      signal,
    )
  }
  const own = distinct === 'freed' ? bytesOfOnlyOwners(index, owners, snapshots.length) : added
  const size = snapshots.map(({ tree }) => folders.restoreSize(tree))
  return {
    size,
    distinctSize: own.map((bytes, i) => (size[i] === undefined ? undefined : bytes)),
    total: added.reduce((sum, bytes) => sum + bytes, 0),
    problems: [...problems.values()],
  }
}

function bytesOfOnlyOwners(index: BlobIndex, owners: BlobOwners, snapshots: number): readonly number[] {
  const bytes = Array.from({ length: snapshots }, () => 0)
  for (const { blobs } of index.numberedPacks()) {
    for (const blob of blobs) {
      if (blob.type !== 'data') continue
      const owner = owners.takeOnlyOwner(blob.entry)
      if (owner !== undefined) bytes[owner] = (bytes[owner] ?? 0) + plainLength(blob)
    }
  }
  return bytes
}
