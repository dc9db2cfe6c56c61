import { isVarveError } from '../errors.ts'
import { openBlob } from '../repository/blob-opening.ts'
import type { Sealer } from '../repository/sealing.ts'
import type { CheckPieceJob, CheckPieceResult } from './check-jobs.ts'
import { releaseMemory } from './release-memory.ts'

/** Verifies that every blob of a piece opens, decompresses and has its hash. The piece's memory is given back. */
export function verifyPiece(sealer: Sealer, { offset, bytes, blobs }: CheckPieceJob): CheckPieceResult {
  const damaged: CheckPieceResult[number][] = []
  for (const blob of blobs) {
    const start = blob.offset - offset
    try {
      releaseMemory(openBlob(sealer, bytes.subarray(start, start + blob.length), blob))
    } catch (error) {
      if (!isVarveError(error)) throw error
      damaged.push({ blob, message: error.message })
    }
  }
  releaseMemory(bytes)
  return damaged
}
