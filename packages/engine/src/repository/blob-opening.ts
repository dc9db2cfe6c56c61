import { VarveError } from '../errors.ts'
import type { PackedBlob } from './blob.ts'
import { decompress } from './compression.ts'
import { idOf } from './id.ts'
import type { Sealer } from './sealing.ts'

/** Bytes of the largest blob that is opened: a folder of some millions of entries. File content comes in pieces of a few MiB. */
const MAX_BLOB = 2 * 1024 ** 3

/**
 * The content of a blob, from its bytes in a pack: opened, decompressed and verified against its id.
 *
 * @param sealed - exactly the bytes that the pack has for the blob
 * @param blob - what the index, or the pack's header, says of it
 * @throws ERR_VARVE_DAMAGED saying what is wrong; the caller names blob and pack
 */
export function openBlob(
  sealer: Sealer,
  sealed: Uint8Array,
  blob: Pick<PackedBlob, 'id' | 'length' | 'uncompressedLength'>,
): Buffer {
  if (sealed.length !== blob.length) {
    throw new VarveError('ERR_VARVE_DAMAGED', `has ${sealed.length} bytes instead of ${blob.length}`)
  }
  if (blob.uncompressedLength > MAX_BLOB) {
    throw new VarveError('ERR_VARVE_DAMAGED', `is said to have ${blob.uncompressedLength} bytes, which is too much`)
  }
  const opened = sealer.open(sealed)
  const plain = blob.uncompressedLength === 0 ? opened : decompress(opened, blob.uncompressedLength)
  if (idOf(plain) !== blob.id) throw new VarveError('ERR_VARVE_DAMAGED', 'its content does not have its hash')
  return plain
}
