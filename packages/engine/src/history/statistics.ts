import { plainLength, type BlobType } from '../repository/blob.ts'
import type { IndexedRepository } from '../repository/repository.ts'
import { EntrySet } from './entry-set.ts'
import { TreeLoader } from '../repository/tree-loader.ts'
import { findUsedBlobs } from './used-blobs.ts'

/** Blobs of a kind, each once. */
export interface BlobStatistics {
  readonly count: number
  /** Before compression. */
  readonly bytes: number
  /** As they lie in their packs, sealed. */
  readonly storedBytes: number
}

/** How much a repository holds. */
export interface Statistics {
  readonly snapshots: number
  /** Packs that are stored, and their bytes, whatever is in them. */
  readonly packs: number
  readonly packBytes: number
  /** Index files. */
  readonly indexes: number
  readonly indexBytes: number
  /** Pieces of file content, and folders. */
  readonly data: BlobStatistics
  readonly tree: BlobStatistics
  /** Bytes before compression for each byte that is stored; 1 where nothing is stored. */
  readonly compressionRatio: number
  /** Blobs that lie in more than one place: the bytes of all places but the first. */
  readonly duplicateBytes: number
  /** Stored bytes of blobs that no snapshot needs; undefined where it was not asked for. */
  readonly unusedBytes: number | undefined
}

/** What to find out beside what indexes and lists tell. */
export interface StatisticsOptions {
  /** Read all folders to find out what no snapshot needs. */
  readonly unused?: boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * Counts what a repository holds.
 * @throws ERR_VARVE_STORAGE, ERR_VARVE_ABORTED; with `unused`, what a folder that cannot be read throws
 */
export async function repositoryStatistics(
  repository: IndexedRepository,
  options: StatisticsOptions = {},
): Promise<Statistics> {
  const { storage, index } = repository
  const [snapshots, packs, indexes] = await Promise.all([
    storage.list('snapshot'),
    storage.list('pack'),
    storage.list('index'),
  ])
  const roots = options.unused === true ? (await repository.snapshots()).map((snapshot) => snapshot.tree) : undefined
  const used = roots && (await findUsedBlobs(new TreeLoader(repository), roots, options))
  const seen = new EntrySet(index.entryCount)
  const blobs: Record<BlobType, { count: number; bytes: number; storedBytes: number }> = {
    data: { count: 0, bytes: 0, storedBytes: 0 },
    tree: { count: 0, bytes: 0, storedBytes: 0 },
  }
  let duplicateBytes = 0
  let unusedBytes = 0
  for (const pack of index.numberedPacks()) {
    for (const blob of pack.blobs) {
      if (used?.has(blob.entry) === false) unusedBytes += blob.length
      if (!seen.add(blob.entry)) {
        duplicateBytes += blob.length
        continue
      }
      const sum = blobs[blob.type]
      sum.count++
      sum.bytes += plainLength(blob)
      sum.storedBytes += blob.length
    }
  }
  const storedBytes = blobs.data.storedBytes + blobs.tree.storedBytes
  return {
    snapshots: snapshots.length,
    packs: packs.length,
    packBytes: packs.reduce((sum, { size }) => sum + size, 0),
    indexes: indexes.length,
    indexBytes: indexes.reduce((sum, { size }) => sum + size, 0),
    ...blobs,
    compressionRatio: storedBytes === 0 ? 1 : (blobs.data.bytes + blobs.tree.bytes) / storedBytes,
    duplicateBytes,
    unusedBytes: used === undefined ? undefined : unusedBytes,
  }
}
