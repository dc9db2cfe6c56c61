import { createRepository, type CreateOptions } from '../../src/repository/create-repository.ts'
import { idOf, type Id } from '../../src/repository/id.ts'
import { IndexWriter } from '../../src/repository/index-writer.ts'
import type { KeyDerivation } from '../../src/repository/key-derivation.ts'
import { FRESH_PACK_MEMORY } from '../../src/repository/pack-memory.ts'
import { PackWriter } from '../../src/repository/pack-writer.ts'
import type { BlobType } from '../../src/repository/blob.ts'
import type { OpenRepository } from '../../src/repository/repository.ts'
import { workerRepository } from '../../src/repository/worker-repository.ts'
import { MemoryStorage } from '../../src/storage/memory.ts'

/** Parameters with which trying a password costs nothing: for tests only. */
export const CHEAP_KEY: KeyDerivation = { N: 2, r: 8, p: 1 }

/** A new repository whose password is 'secret'. */
export function cheapRepository(options: Partial<CreateOptions> = {}): Promise<OpenRepository> {
  return createRepository({ storage: new MemoryStorage(), password: 'secret', kdf: CHEAP_KEY, ...options })
}

/** Stores blobs in one pack, which an index file names unless told otherwise. */
export async function storeBlobs(
  repository: OpenRepository,
  type: BlobType,
  plains: readonly Uint8Array[],
  options: { readonly indexed?: boolean } = {},
): Promise<{ readonly pack: Id; readonly ids: readonly Id[] }> {
  const writer = new PackWriter(type, workerRepository(repository), FRESH_PACK_MEMORY)
  const ids = plains.map((plain) => idOf(plain))
  for (const [i, plain] of plains.entries()) writer.add(ids[i] ?? idOf(plain), plain)
  const pack = writer.finish()
  await repository.storage.save('pack', pack.id, pack.bytes)
  if (options.indexed !== false) {
    const index = new IndexWriter(repository)
    index.addIndexed(pack.indexed)
    await index.flush()
  }
  return { pack: pack.id, ids }
}
