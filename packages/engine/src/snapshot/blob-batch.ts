import type { BlobType } from '../repository/blob.ts'
import { ID_SIZE } from '../repository/id.ts'

/** A blob whose id is known and which nobody has stored: its claim was won. */
export interface ClaimedBlob {
  readonly type: BlobType
  readonly id: Uint8Array
  readonly bytes: Uint8Array
}

/** Blobs on their way to a thread: their ids and contents one after the other, in memory that can be handed over without being copied. */
export interface BlobBatch {
  readonly types: readonly BlobType[]
  readonly lengths: readonly number[]
  readonly ids: Uint8Array<ArrayBuffer>
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** Puts blobs together. */
export function joinBlobs(blobs: readonly ClaimedBlob[]): BlobBatch {
  const ids = new Uint8Array(blobs.length * ID_SIZE)
  const bytes = new Uint8Array(blobs.reduce((sum, blob) => sum + blob.bytes.length, 0))
  let end = 0
  for (const [index, blob] of blobs.entries()) {
    ids.set(blob.id, index * ID_SIZE)
    bytes.set(blob.bytes, end)
    end += blob.bytes.length
  }
  return { types: blobs.map(({ type }) => type), lengths: blobs.map((blob) => blob.bytes.length), ids, bytes }
}

/** The blobs of a batch, as views of its memory. */
export function* splitBlobs({ types, lengths, ids, bytes }: BlobBatch): Generator<ClaimedBlob, void> {
  let start = 0
  for (const [index, type] of types.entries()) {
    const end = start + (lengths[index] ?? 0)
    yield { type, id: ids.subarray(index * ID_SIZE, (index + 1) * ID_SIZE), bytes: bytes.subarray(start, end) }
    start = end
  }
}
