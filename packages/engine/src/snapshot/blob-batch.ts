import type { BlobType } from '../repository/blob.ts'
import { releaseNow } from '../release-now.ts'
import type { Id } from '../repository/id.ts'

/** A blob whose id is known and which nobody has stored: its claim was won. */
export interface ClaimedBlob {
  readonly type: BlobType
  readonly id: Id
  readonly bytes: Uint8Array
}

/** Blobs on their way to a thread: their contents one after the other, in memory that can be handed over without being copied. */
export interface BlobBatch {
  readonly types: readonly BlobType[]
  readonly lengths: readonly number[]
  readonly ids: readonly Id[]
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** Puts blobs together. Their bytes are gone then, where their memory was theirs alone. */
export function joinBlobs(blobs: readonly ClaimedBlob[]): BlobBatch {
  return {
    types: blobs.map(({ type }) => type),
    lengths: blobs.map(({ bytes }) => bytes.length),
    ids: blobs.map(({ id }) => id),
    bytes: joinBytes(blobs.map(({ bytes }) => bytes)),
  }
}

function joinBytes(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const [only] = pieces
  // A large blob comes alone, and is not copied.
  if (only !== undefined && pieces.length === 1 && ownsItsMemory(only)) return only
  const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let end = 0
  for (const piece of pieces) {
    joined.set(piece, end)
    end += piece.length
    if (ownsItsMemory(piece)) releaseNow(piece)
  }
  return joined
}

/** Small buffers of Node share their memory with others. */
function ownsItsMemory(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer
}

/** The blobs of a batch, as views of its memory. */
export function* splitBlobs({ types, lengths, ids, bytes }: BlobBatch): Generator<ClaimedBlob, void> {
  let start = 0
  for (const [index, id] of ids.entries()) {
    const [type, length] = [types[index], lengths[index]]
    if (type === undefined || length === undefined) throw new Error('a batch of blobs is not whole')
    const end = start + length
    yield { type, id, bytes: bytes.subarray(start, end) }
    start = end
  }
}
