import { releaseNow } from '../release-now.ts'
import type { BlobVerifier, DamagedBlob } from '../repository/blob-verifying.ts'
import { PackedBlobs } from '../repository/packed-blobs.ts'
import type { CheckPieceJob, CheckPieceResult } from './check-jobs.ts'

/** Verifies that every blob of a piece opens, decompresses and has its hash. The piece is gone then. */
export function verifyPiece(verifier: BlobVerifier, { offset, bytes, records }: CheckPieceJob): CheckPieceResult {
  const blobs = new PackedBlobs(records)
  const damaged = verifier.verify(bytes, offset, blobs, 0, blobs.count)
  releaseNow(bytes)
  return describeDamaged(damaged, blobs)
}

/** The same, with what is known of the blobs. */
export function describeDamaged(damaged: readonly DamagedBlob[], blobs: PackedBlobs): CheckPieceResult {
  return damaged.map(({ at, message }) => ({ blob: blobs.blob(at), message }))
}
