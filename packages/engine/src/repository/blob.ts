import type { Id } from './id.ts'

/** What a blob holds: a piece of a file's content, or a folder's entries. */
export type BlobType = 'data' | 'tree'

/** Names a blob. A data blob and a tree blob with equal bytes are two blobs. */
export interface BlobHandle {
  readonly type: BlobType
  readonly id: Id
}

/** Where in its pack a blob lies. */
export interface PackedBlob extends BlobHandle {
  /** Bytes from the start of the pack. */
  readonly offset: number
  /** Bytes in the pack: sealed, and compressed where `uncompressedLength` is not 0. */
  readonly length: number
  /** Bytes after decompression; 0 where the blob is stored uncompressed. */
  readonly uncompressedLength: number
}

/** Where a blob lies. */
export interface BlobLocation extends PackedBlob {
  readonly pack: Id
}

/** A pack as an index describes it. */
export interface PackContents {
  readonly id: Id
  readonly blobs: readonly PackedBlob[]
}

/** Bytes that sealing adds: a 16-byte nonce before and a 16-byte tag after. */
export const SEAL_OVERHEAD = 32

/** Bytes of a blob's content, whether it is compressed or not. */
export function plainLength(blob: Pick<PackedBlob, 'length' | 'uncompressedLength'>): number {
  return blob.uncompressedLength === 0 ? blob.length - SEAL_OVERHEAD : blob.uncompressedLength
}
