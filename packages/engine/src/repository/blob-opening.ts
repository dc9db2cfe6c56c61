import { VarveError } from '@varve/platform/errors'
import type { PackedBlob } from './blob.ts'
import { decompress, Decompressor } from './compression.ts'
import { idOf } from './id.ts'
import type { Sealer } from './sealing.ts'

/** Bytes of the largest blob that is opened: a folder of some millions of entries. File content comes in pieces of a few MiB. */
const MAX_BLOB = 2 * 1024 ** 3

/** What is known of a blob before it is opened. */
type BlobSeal = Pick<PackedBlob, 'id' | 'length' | 'uncompressedLength'>

/**
 * The content of a blob, from its bytes in a pack: opened, decompressed and verified against its id.
 *
 * @param sealed - exactly the bytes that the pack has for the blob
 * @param blob - what the index, or the pack's header, says of it
 * @throws ERR_VARVE_DAMAGED saying what is wrong; the caller names blob and pack
 */
export function openBlob(sealer: Sealer, sealed: Uint8Array, blob: BlobSeal): Buffer {
  assertPlausible(sealed, blob)
  const opened = sealer.open(sealed)
  const plain = blob.uncompressedLength === 0 ? opened : decompress(opened, blob.uncompressedLength)
  assertHash(plain, blob)
  return plain
}

/** Memory for content: enough for all but oversize blobs. The system gives real memory only for what is written to. */
const USUAL_CONTENT = 8 * 1024 * 1024 + 1

/** Opens blobs one after the other as {@link openBlob} does, and leaves no garbage: for threads that open gigabytes. */
export class BlobOpener {
  readonly #sealer: Sealer
  readonly #decompressor = new Decompressor()
  #content: Buffer = Buffer.alloc(0)

  constructor(sealer: Sealer) {
    this.#sealer = sealer
  }

  /**
   * The content of a blob, verified. It is valid until the next call, or as long as the sealed bytes would have been: these are overwritten.
   * @throws ERR_VARVE_DAMAGED as {@link openBlob}
   */
  open(sealed: Uint8Array, blob: BlobSeal): Uint8Array {
    assertPlausible(sealed, blob)
    const plain = this.decompress(this.#sealer.openInPlace(sealed), blob.uncompressedLength)
    assertHash(plain, blob)
    return plain
  }

  /**
   * The content of a blob that was unsealed already. It is valid until the next call, or as long as `opened` is.
   * @param length - bytes after decompression, 0 where the blob is stored uncompressed
   * @throws ERR_VARVE_DAMAGED where it does not decompress to as many
   */
  decompress(opened: Uint8Array, length: number): Uint8Array {
    if (length === 0) return opened
    assertPlausibleLength(length)
    if (this.#content.length <= length) this.#content = Buffer.allocUnsafeSlow(Math.max(USUAL_CONTENT, length + 1))
    return this.#decompressor.decompressInto(opened, length, this.#content)
  }
}

function assertPlausible(sealed: Uint8Array, blob: BlobSeal): void {
  if (sealed.length !== blob.length) {
    throw new VarveError('ERR_VARVE_DAMAGED', `has ${sealed.length} bytes instead of ${blob.length}`)
  }
  assertPlausibleLength(blob.uncompressedLength)
}

function assertPlausibleLength(length: number): void {
  if (length > MAX_BLOB) throw new VarveError('ERR_VARVE_DAMAGED', `is said to have ${length} bytes, which is too much`)
}

function assertHash(plain: Uint8Array, { id }: BlobSeal): void {
  if (idOf(plain) !== id) throw wrongHash()
}

/** What is thrown for content that is not what its id says. */
export function wrongHash(): VarveError {
  return new VarveError('ERR_VARVE_DAMAGED', 'its content does not have its hash')
}
