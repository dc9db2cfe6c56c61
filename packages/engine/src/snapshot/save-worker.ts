import { workerData } from 'node:worker_threads'
import { ChunkStream } from '../chunking/chunk-stream.ts'
import { createChunker } from '../chunking/create-chunker.ts'
import { describeError, isVarveError, systemErrorCode } from '@varve/platform/errors'
import type { BlobType } from '../repository/blob.ts'
import { BlobClaims } from '../repository/blob-claims.ts'
import { idOf, ID_SIZE, type Id } from '../repository/id.ts'
import { encodeIndexedPack } from '../repository/index-file.ts'
import { PackPool } from '../repository/pack-memory.ts'
import { PackWriter } from '../repository/pack-writer.ts'
import { releaseNow } from '../release-now.ts'
import { serveJobs } from '../workers/worker-thread.ts'
import { splitBlobs } from './blob-batch.ts'
import { joinSaved, splitFiles } from './file-batch.ts'
import { readFileChunks } from './file-reader.ts'
import { PackLane } from './pack-lane.ts'
import { SaveCounters } from './save-counters.ts'
import {
  sumAdded,
  type FileToSave,
  type SaveEvent,
  type SaveJob,
  type SaveResult,
  type SavedFile,
  type SaveWorkerData,
} from './save-jobs.ts'

serveJobs<SaveJob, SaveResult, SaveEvent>((post) => {
  const { repository, claims: sharedClaims, counters: sharedCounters, packs, discard } = workerData as SaveWorkerData
  const claims = BlobClaims.attach(sharedClaims)
  const chunks = new ChunkStream(createChunker(repository.chunker))
  const counters = new SaveCounters(sharedCounters)
  const idBytes = Buffer.alloc(ID_SIZE)
  const lanes = { data: makeLane('data'), tree: makeLane('tree') }
  let flushes = 0

  function makeLane(type: BlobType): PackLane {
    const pool = new PackPool(packs[type])
    return new PackLane(type, new PackWriter(type, repository, pool), ({ id, bytes, contents }) => {
      if (discard) {
        pool.release(bytes)
        return
      }
      const indexed = encodeIndexedPack(contents)
      post({ type, id, bytes, slot: pool.slotOf(bytes), indexed }, [indexed.text.buffer])
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

  function saveFile(file: FileToSave): SavedFile {
    const content: Id[] = []
    try {
      const reading = readFileChunks(file, chunks, (chunk) => {
        const id = idOf(chunk)
        content.push(id)
        idBytes.write(id, 'hex')
        if (claims.claim('data', idBytes)) lanes.data.add(id, chunk)
        counters.addBytesRead(chunk.length)
        flushIfAsked()
      })
      return { kind: 'saved', content, ...reading }
    } catch (error) {
      if (systemErrorCode(error) === undefined && !isVarveError(error, 'ERR_VARVE_SOURCE')) throw error
      return { kind: 'failed', message: describeError(error) }
    }
  }

  return (job) => {
    const files = job.kind === 'files' ? joinSaved(Array.from(splitFiles(job.batch), saveFile)) : undefined
    if (job.kind === 'blobs') {
      for (const { type, id, bytes } of splitBlobs(job.batch)) lanes[type].add(id, bytes)
      releaseNow(job.batch.bytes)
    }
    if (job.kind === 'finish') finishLanes()
    flushIfAsked()
    return { result: { files, added: sumAdded(lanes.data.takeAdded(), lanes.tree.takeAdded()) } }
  }
})
