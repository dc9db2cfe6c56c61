import { workerData } from 'node:worker_threads'
import { isVarveError, VarveError } from '../errors.ts'
import { openBlob } from '../repository/blob-opening.ts'
import { SEAL_OVERHEAD, type PackedBlob } from '../repository/blob.ts'
import { idToBytes, type Id } from '../repository/id.ts'
import { FRESH_PACK_MEMORY } from '../repository/pack-memory.ts'
import { PackWriter, type FinishedPack } from '../repository/pack-writer.ts'
import { Sealer } from '../repository/sealing.ts'
import { serveJobs } from '../workers/worker-thread.ts'
import type { PackPiece, RepackJob, RepackResult, RepackWorkerData } from './repack-jobs.ts'

serveJobs<RepackJob, RepackResult>(() => {
  const { repository, compressData } = workerData as RepackWorkerData
  const sealer = new Sealer(repository.key)
  const writers = {
    data: new PackWriter('data', repository, FRESH_PACK_MEMORY),
    tree: new PackWriter('tree', repository, FRESH_PACK_MEMORY),
  }

  /** A blob is opened and verified before its sealed bytes are taken over as they are: damage is never copied. */
  function moveBlob(pack: Id, piece: PackPiece, blob: PackedBlob, finished: FinishedPack[]): void {
    const start = blob.offset - piece.offset
    const sealed = piece.bytes.subarray(start, start + blob.length)
    const plain = verified(pack, blob, () => openBlob(sealer, sealed, blob))
    const writer = writers[blob.type]
    if (writer.full || !writer.fits(blob.length - SEAL_OVERHEAD)) finished.push(writer.finish())
    if (isToBeCompressed(blob)) writer.add(idToBytes(blob.id), plain)
    else writer.addSealed(blob.id, sealed, blob.uncompressedLength)
  }

  function isToBeCompressed(blob: PackedBlob): boolean {
    return repository.version >= 2 && blob.uncompressedLength === 0 && (blob.type === 'tree' || compressData)
  }

  return (job) => {
    const finished: FinishedPack[] = []
    if (job.kind === 'move') {
      for (const piece of job.pieces) for (const blob of piece.blobs) moveBlob(job.pack, piece, blob, finished)
    } else {
      for (const writer of [writers.data, writers.tree]) if (!writer.empty) finished.push(writer.finish())
    }
    return { result: finished, transfer: finished.map((pack) => pack.bytes.buffer) }
  }
})

function verified(pack: Id, blob: PackedBlob, open: () => Buffer): Buffer {
  try {
    return open()
  } catch (error) {
    if (!isVarveError(error)) throw error
    throw new VarveError(
      'ERR_VARVE_DAMAGED',
      `${blob.type} blob ${blob.id} in pack ${pack} is damaged: ${error.message}`,
      {
        cause: error,
      },
    )
  }
}
