import { workerData } from 'node:worker_threads'
import { ChunkStream } from '../chunking/chunk-stream.ts'
import { createChunker } from '../chunking/create-chunker.ts'
import { describeError, isVarveError, systemErrorCode } from '@varve/platform/errors'
import { serveJobs } from '@varve/platform/workers'
import type { BlobType } from '../repository/blob.ts'
import { BlobClaims } from '../repository/blob-claims.ts'
import { idOf, ID_SIZE, type Id } from '../repository/id.ts'
import { PackPool } from '../repository/pack-memory.ts'
import { PackWriter } from '../repository/pack-writer.ts'
import { releaseNow } from '../release-now.ts'
import { splitBlobs } from './blob-batch.ts'
import { joinSaved, splitFiles } from './file-batch.ts'
import { readFileChunks } from './file-reader.ts'
import { PackLane } from './pack-lane.ts'
import { readPiece } from './piece-reader.ts'
import { SaveCounters } from './save-counters.ts'
import {
  sumAdded,
  type FilePiece,
  type FileToSave,
  type SavedPiece,
  type SaveEvent,
  type SaveJob,
  type SaveResult,
  type SavedFile,
  type SaveWorkerData,
} from './save-jobs.ts'

/** Bytes that were read and that others are told of together: small files would be counted longer than read. */
const COUNTED_AT_ONCE = 256 * 1024

serveJobs<SaveJob, SaveResult, SaveEvent>((post) => {
  const { repository, claims: sharedClaims, counters: sharedCounters, packs, discard } = workerData as SaveWorkerData
  const claims = BlobClaims.attach(sharedClaims)
  const chunker = createChunker(repository.chunker)
  const chunks = new ChunkStream(chunker)
  const counters = new SaveCounters(sharedCounters)
  const idBytes = Buffer.alloc(ID_SIZE)
  const lanes = { data: makeLane('data'), tree: makeLane('tree') }
  let flushes = 0
  let bytesRead = 0

  function makeLane(type: BlobType): PackLane {
    const pool = new PackPool(packs[type])
    return new PackLane(type, new PackWriter(type, repository, pool), (pack) => {
      if (discard) pool.release(pack.bytes)
      else post({ ...pack, type, slot: pool.slotOf(pack.bytes) }, [pack.indexed.records.buffer])
    })
  }

  function finishLanes(): void {
    lanes.data.finish()
    lanes.tree.finish()
  }

  function flushIfAsked(): void {
    const flush = counters.flushesAsked
    if (flush === flushes) return
    flushes = flush
    finishLanes()
    post({ type: 'flushed', flush })
  }

  function countBytesRead(): void {
    counters.addBytesRead(bytesRead)
    bytesRead = 0
  }

  function saveChunk(chunk: Uint8Array): Id {
    const id = idOf(chunk)
    idBytes.write(id, 'hex')
    if (claims.claim('data', idBytes)) lanes.data.add(id, chunk)
    bytesRead += chunk.length
    if (bytesRead >= COUNTED_AT_ONCE) countBytesRead()
    flushIfAsked()
    return id
  }

  function saveFile(file: FileToSave): SavedFile {
    const content: Id[] = []
    return unlessFailed(() => {
      const reading = readFileChunks(file, chunks, (chunk) => content.push(saveChunk(chunk)))
      return { kind: 'saved', content, ...reading }
    })
  }

  function savePiece(file: number, piece: FilePiece): SavedPiece {
    const ids: Id[] = []
    return unlessFailed(() => {
      const reading = readPiece(
        piece,
        chunker,
        (cut) => post({ type: 'cut', file, cut }),
        (chunk) => ids.push(saveChunk(chunk)),
      )
      return { kind: 'saved', ids, ...reading }
    })
  }

  return (job) => {
    const done = doJob(job)
    countBytesRead()
    flushIfAsked()
    return { result: { ...done, added: sumAdded(lanes.data.takeAdded(), lanes.tree.takeAdded()) } }
  }

  function doJob(job: SaveJob): Omit<SaveResult, 'added'> {
    switch (job.kind) {
      case 'files':
        return { files: joinSaved(Array.from(splitFiles(job.batch), saveFile)) }
      case 'piece':
        return { piece: savePiece(job.file, job.piece) }
      case 'blobs':
        for (const { type, id, bytes } of splitBlobs(job.batch)) lanes[type].add(id, bytes)
        releaseNow(job.batch.bytes)
        return {}
      case 'finish':
        finishLanes()
        return {}
      case 'flush':
        return {}
      default:
        throw new Error('an unknown job')
    }
  }
})

/** What cannot be read concerns that file alone. */
function unlessFailed<Saved>(save: () => Saved): Saved | { readonly kind: 'failed'; readonly message: string } {
  try {
    return save()
  } catch (error) {
    if (systemErrorCode(error) === undefined && !isVarveError(error, 'ERR_VARVE_SOURCE')) throw error
    return { kind: 'failed', message: describeError(error) }
  }
}
