import type { BlobType } from '../repository/blob.ts'
import type { PackMemory } from '../repository/pack-memory.ts'
import { PackWriter } from '../repository/pack-writer.ts'
import type { WorkerRepository } from '../repository/worker-repository.ts'
import type { ClaimedBlob } from './blob-batch.ts'
import { PackLane } from './pack-lane.ts'
import { sumAdded, type AddedBlobs, type PackEvent } from './save-jobs.ts'

const FRESH_SHARED_MEMORY: PackMemory<SharedArrayBuffer> = {
  allocate: (bytes) => new Uint8Array(new SharedArrayBuffer(bytes)),
  release: () => undefined,
}

/**
 * Packs a few blobs in the thread that calls it.
 * @param onPack - takes each pack
 */
export function packBlobs(
  blobs: Iterable<ClaimedBlob>,
  repository: WorkerRepository,
  onPack: (pack: PackEvent) => void,
): AddedBlobs {
  const makeLane = (type: BlobType): PackLane =>
    new PackLane(type, new PackWriter(type, repository, FRESH_SHARED_MEMORY), (pack) =>
      onPack({ ...pack, type, slot: undefined }),
    )
  const lanes = { data: makeLane('data'), tree: makeLane('tree') }
  for (const { type, id, bytes } of blobs) lanes[type].add(id, bytes)
  lanes.data.finish()
  lanes.tree.finish()
  return sumAdded(lanes.data.takeAdded(), lanes.tree.takeAdded())
}
