import { workerData } from 'node:worker_threads'
import { currentPlatform } from '@varve/platform'
import { releaseNow } from '../release-now.ts'
import { BlobOpener } from '../repository/blob-opening.ts'
import { Sealer } from '../repository/sealing.ts'
import { serveJobs } from '../workers/worker-thread.ts'
import { FileWriter } from './file-writer.ts'
import { MetadataWriter } from './metadata-writer.ts'
import { PlannedEntries } from './planned-entries.ts'
import { PlannedPieces } from './planned-pieces.ts'
import type { WriteJob, WriteResult, WriteSetup } from './write-jobs.ts'

serveJobs<WriteJob, WriteResult>(() => {
  const setup = workerData as WriteSetup
  const opener = new BlobOpener(new Sealer(setup.key))
  const pieces = PlannedPieces.attach(setup.pieces)
  const metadata = new MetadataWriter(currentPlatform())
  const writer = new FileWriter(PlannedEntries.attach(setup.entries), pieces, metadata, setup.sparse)
  const isStopped = (): boolean => Atomics.load(setup.stop, 0) !== 0

  /** @returns for each blob that could not be opened its pieces */
  const writeSealed = (job: WriteJob & { kind: 'sealed' }): readonly (readonly number[])[] => {
    const damaged: (readonly number[])[] = []
    for (let next = 0; next < job.pieces.length && !isStopped();) {
      const same = sameBlob(pieces, job.pieces, next)
      next += same.length
      const [first] = same
      if (first === undefined || same.every((piece) => writer.isLost(piece))) continue
      const start = pieces.packOffset(first) - job.offset
      const content = open(job.bytes.subarray(start, start + pieces.packedLength(first)), first)
      if (content === undefined) {
        damaged.push(same)
        continue
      }
      for (const piece of same) writer.write(piece, content)
    }
    releaseNow(job.bytes)
    return damaged
  }

  const writePlain = (job: WriteJob & { kind: 'plain' }): void => {
    for (const piece of job.pieces) if (!isStopped()) writer.write(piece, job.bytes)
  }

  const complete = (job: WriteJob & { kind: 'files' }): void => {
    for (const entry of job.files) if (!isStopped()) writer.complete(entry)
  }

  const open = (sealed: Uint8Array, piece: number): Uint8Array | undefined => {
    try {
      return opener.open(sealed, pieces.blob(piece))
    } catch {
      // Whoever looks for the blob in other places says what is wrong with it where there are none.
      return undefined
    }
  }

  return (job) => {
    writer.done = []
    writer.failures = []
    writer.bytes = 0
    metadata.attributesSkipped = 0
    let damaged: readonly (readonly number[])[] = []
    if (job.kind === 'sealed') damaged = writeSealed(job)
    if (job.kind === 'plain') writePlain(job)
    if (job.kind === 'files') complete(job)
    const { done, failures, bytes } = writer
    const { attributesSkipped } = metadata
    return { result: { done, failures, damaged, bytes, attributesSkipped } }
  }
})

/** The run of pieces, from number `start` of `numbers` on, that are one blob. Different blobs at one place are for opening to refuse. */
function sameBlob(pieces: PlannedPieces, numbers: Uint32Array, start: number): number[] {
  const first = numbers[start] ?? 0
  const same: number[] = []
  for (let i = start; i < numbers.length; i++) {
    const piece = numbers[i] ?? 0
    if (!pieces.areSameBlob(first, piece)) break
    same.push(piece)
  }
  return same
}
