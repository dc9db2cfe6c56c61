import { createHash } from 'node:crypto'
import { throwIfAborted } from '@varve/platform/errors'
import type { BlobIndex } from '../repository/blob-index.ts'
import type { Sealer } from '../repository/sealing.ts'
import type { Storage } from '../storage/storage.ts'
import type { CheckPieceJob, CheckPieceResult, PackVerdict } from './check-jobs.ts'
import type { PresentPack } from './check-packs.ts'
import type { JobRunner } from './job-runner.ts'
import { wholePieces } from './pack-pieces.ts'
import { verifyHeader } from './verify-header.ts'

/** What is needed to verify packs. */
export interface PackVerification {
  readonly storage: Storage
  readonly index: BlobIndex
  readonly sealer: Sealer
  readonly runner: JobRunner<CheckPieceJob, CheckPieceResult>
  readonly signal?: AbortSignal | undefined
}

/**
 * Verifies every byte of a pack: its hash, its header against the index, and all blobs. It is read in pieces, of which two are in memory at a time:
 * one is verified while the next is read.
 *
 * @throws what reading throws
 */
export async function verifyPack(
  { id, size }: PresentPack,
  { storage, index, sealer, runner, signal }: PackVerification,
): Promise<PackVerdict> {
  const indexed = index.packedBlobs(id)
  const hash = createHash('sha256')
  const faults: string[] = []
  const damaged: CheckPieceResult[number][] = []
  let verifying: Promise<CheckPieceResult> = Promise.resolve([])
  for (const { offset, length, from, to } of wholePieces(size, indexed)) {
    throwIfAborted(signal)
    const bytes = await storage.load('pack', id, { offset, length })
    hash.update(bytes)
    if (offset + length === size) {
      const fault = await verifyHeader(storage, sealer, { id, size, end: bytes }, indexed)
      if (fault !== undefined) faults.push(fault)
    }
    damaged.push(...(await verifying))
    const { records } = indexed.slice(from, to)
    verifying = runner.run({ offset, bytes, records }, { transfer: [bytes.buffer] })
    // Whoever awaits it handles a failure; what is read meanwhile may fail first.
    verifying.catch(() => undefined)
  }
  damaged.push(...(await verifying))
  const found = hash.digest('hex')
  if (found !== id) faults.unshift(`its content has the hash ${found}`)
  return { faults, damaged }
}
