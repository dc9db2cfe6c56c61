import { releaseNow } from '../release-now.ts'
import type { BlobVerifier, DamagedBlob } from '../repository/blob-verifying.ts'
import { blobAt, type PackColumns } from '../repository/pack-columns.ts'
import type { CheckPieceJob, CheckPieceResult } from './check-jobs.ts'

/** Verifies that every blob of a piece opens, decompresses and has its hash. The piece is gone then. */
export function verifyPiece(verifier: BlobVerifier, { offset, bytes, blobs }: CheckPieceJob): CheckPieceResult {
  const damaged = verifier.verify(bytes, offset, blobs, 0, blobs.count)
  releaseNow(bytes)
  return describeDamaged(damaged, blobs)
}

/** The same, with what is known of the blobs. */
export function describeDamaged(damaged: readonly DamagedBlob[], blobs: PackColumns): CheckPieceResult {
  return damaged.map(({ at, message }) => ({ blob: blobAt(blobs, at), message }))
}
