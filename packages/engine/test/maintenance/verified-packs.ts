import { BlobIndex } from '../../src/repository/blob-index.ts'
import type { Id } from '../../src/repository/id.ts'
import type { IndexedRepository } from '../../src/repository/repository.ts'
import { Sealer } from '../../src/repository/sealing.ts'
import { verifyPack } from '../../src/maintenance/verify-pack.ts'

/** What is wrong with the packs that an index names, as reading all data would find it, without threads. */
export async function faultsOfPacks({ storage, key, index }: IndexedRepository): Promise<readonly string[]> {
  const sealer = new Sealer(key)
  const faults: string[] = []
  for (const { id, blobs } of BlobIndex.attach(index.shared).packs()) {
    const result = verifyPack(sealer, id, await storage.load('pack', id), blobs)
    faults.push(...result.faults, ...result.damaged.map((blob) => blob.message))
  }
  return faults
}

/** The other way round: names of the packs that no index names. */
export async function unindexedPacks({ storage, index }: IndexedRepository): Promise<readonly string[]> {
  const stored = await storage.list('pack')
  return stored.map(({ name }) => name).filter((name) => index.pack(name as Id) === undefined)
}
