import { randomBytes } from 'node:crypto'
import type { BlobType, PackContents, PackedBlob } from '../../src/repository/blob.ts'
import { idFromBytes, type Id } from '../../src/repository/id.ts'
import type { IndexedPack } from '../../src/repository/index-file.ts'
import { PackedBlobs } from '../../src/repository/packed-blobs.ts'
import type { WorkerRepository } from '../../src/repository/worker-repository.ts'

/** An id that nothing has. */
export function randomId(): Id {
  return idFromBytes(randomBytes(32))
}

/** A pack of blobs that nobody stored, one after the other as they would lie. */
export function imaginaryPack(count: number, type: BlobType = 'data'): PackContents {
  const blobs: PackedBlob[] = []
  let offset = 0
  for (let i = 0; i < count; i++) {
    const length = 33 + (i % 100)
    blobs.push({ type, id: randomId(), offset, length, uncompressedLength: i % 3 === 0 ? 0 : 1000 + i })
    offset += length
  }
  return { id: randomId(), blobs }
}

/** The blobs of a pack, as objects. */
export function contentsOf({ id, records }: IndexedPack): PackContents {
  return { id, blobs: new PackedBlobs(records).blobs() }
}

/** What a pack writer needs, with a new key. */
export function packOptions(
  version: 1 | 2 = 2,
  compression: WorkerRepository['compression'] = 'auto',
): Pick<WorkerRepository, 'version' | 'key' | 'compression'> {
  return { version, compression, key: { encrypt: randomBytes(32), macK: randomBytes(16), macR: randomBytes(16) } }
}
