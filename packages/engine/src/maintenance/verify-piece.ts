import { isVarveError } from '@varve/platform/errors'
import { releaseNow } from '../release-now.ts'
import type { BlobOpener } from '../repository/blob-opening.ts'
import type { PackedBlob } from '../repository/blob.ts'
import type { CheckPieceJob, CheckPieceResult } from './check-jobs.ts'

/** Verifies that every blob of a piece opens, decompresses and has its hash. The piece is gone then. */
export function verifyPiece(opener: BlobOpener, { offset, bytes, blobs }: CheckPieceJob): CheckPieceResult {
  const damaged = verifyBlobs(opener, bytes, offset, blobs)
  releaseNow(bytes)
  return damaged
}

/**
 * As {@link verifyPiece}, for bytes whose memory is used again.
 *
 * @param bytes - a piece of a pack; its blobs are opened in place
 * @param offset - where in the pack it begins
 * @param blobs - that should be in it
 */
export function verifyBlobs(
  opener: BlobOpener,
  bytes: Uint8Array,
  offset: number,
  blobs: readonly PackedBlob[],
): CheckPieceResult {
  const damaged: CheckPieceResult[number][] = []
  for (const blob of blobs) {
    const start = blob.offset - offset
    try {
      opener.open(bytes.subarray(start, start + blob.length), blob)
    } catch (error) {
      if (!isVarveError(error)) throw error
      damaged.push({ blob, message: error.message })
    }
  }
  return damaged
}
