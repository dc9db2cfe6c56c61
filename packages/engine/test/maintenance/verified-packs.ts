import { InlineJobs } from '../../src/maintenance/job-runner.ts'
import { verifyPack } from '../../src/maintenance/verify-pack.ts'
import { verifyPiece } from '../../src/maintenance/verify-piece.ts'
import { BlobVerifier } from '../../src/repository/blob-verifying.ts'
import type { Id } from '../../src/repository/id.ts'
import type { IndexedRepository } from '../../src/repository/repository.ts'
import { Sealer } from '../../src/repository/sealing.ts'

/** What is wrong with the packs that an index names, as reading all data finds it. */
export async function faultsOfPacks({ storage, key, index }: IndexedRepository): Promise<readonly string[]> {
  const sealer = new Sealer(key)
  const runner = new InlineJobs(verifyPiece.bind(undefined, new BlobVerifier(key)))
  const faults: string[] = []
  for (const id of index.packIds()) {
    const size = (await storage.stat('pack', id))?.size ?? 0
    const verdict = await verifyPack({ id, size }, { storage, index, sealer, runner })
    faults.push(...verdict.faults, ...verdict.damaged.map((blob) => blob.message))
  }
  return faults
}

/** The other way round: names of the packs that no index names. */
export async function unindexedPacks({ storage, index }: IndexedRepository): Promise<readonly string[]> {
  const stored = await storage.list('pack')
  return stored.map(({ name }) => name).filter((name) => index.pack(name as Id) === undefined)
}
