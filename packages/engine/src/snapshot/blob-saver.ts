import { throwIfAborted } from '@varve/platform/errors'
import { defaultWorkerCount, type JobOptions } from '@varve/platform/workers'
import type { BlobType } from '../repository/blob.ts'
import { BlobClaims } from '../repository/blob-claims.ts'
import { idOf, idToBytes, type Id } from '../repository/id.ts'
import type { IndexedRepository } from '../repository/repository.ts'
import { workerRepository } from '../repository/worker-repository.ts'
import { joinBlobs, splitBlobs, type ClaimedBlob } from './blob-batch.ts'
import { joinFiles, splitSaved } from './file-batch.ts'
import { Gate } from './gate.ts'
import { LargeFiles } from './large-files.ts'
import { packBlobs } from './pack-blobs.ts'
import { PackStores } from './pack-stores.ts'
import { SaveCounters } from './save-counters.ts'
import {
  NOTHING_ADDED,
  sumAdded,
  type AddedBlobs,
  type FilePiece,
  type FileToSave,
  type SaveJob,
  type SaveResult,
  type SavedFile,
  type SavedPiece,
} from './save-jobs.ts'
import { startSaveThreads, type SaveThreads } from './save-threads.ts'

/** Files below this many bytes travel together; a larger one is saved piece by piece, by several threads. */
const LARGE_FILE = 1024 * 1024
/** A batch is sent when it holds this many bytes or entries: enough that messages cost little, few enough that threads share the end. */
const BATCH_BYTES = 1024 * 1024
const BATCH_FILES = 64
/** What may be under way before the scan waits: bounds the memory that its results take. */
const MAX_PENDING_FILES = 1024
const MAX_PENDING_BLOB_BYTES = 32 * 1024 * 1024

/** How blobs are saved. */
export interface BlobSaverOptions {
  /** Threads. */
  readonly workers?: number | undefined
  /** Count everything, store nothing. */
  readonly dryRun: boolean
  readonly signal?: AbortSignal | undefined
  /** Resolves when the lock on the repository certainly holds: waited for before an index is written. */
  readonly confirmLock?: () => Promise<void>
}

interface PendingFile {
  readonly file: FileToSave
  readonly onSaved: (saved: SavedFile) => void
}

/**
 * The main thread's side of saving: hands files and blobs to threads, stores the packs that come back, and writes the index.
 * Threads start with the first job, so that a snapshot in which nothing changed starts none.
 */
export class BlobSaver {
  readonly #repository: IndexedRepository
  readonly #options: BlobSaverOptions
  readonly #workers: number
  readonly #claims: BlobClaims
  readonly #counters = new SaveCounters()
  readonly #largeFiles: LargeFiles
  readonly #gate = new Gate()
  readonly #packs: PackStores
  readonly #blobJobs = new Set<Promise<void>>()
  /** For each thread, the last flush that it has done. */
  readonly #flushed: number[] = []
  #threads: SaveThreads | undefined
  readonly #onAbort = (): void => this.#gate.open()
  #files: PendingFile[] = []
  #filesBytes = 0
  #blobs: ClaimedBlob[] = []
  #blobsBytes = 0
  #pendingFiles = 0
  #pendingBlobBytes = 0
  #added: AddedBlobs = NOTHING_ADDED

  constructor(repository: IndexedRepository, options: BlobSaverOptions) {
    this.#repository = repository
    this.#options = options
    this.#workers = options.workers ?? defaultWorkerCount()
    this.#largeFiles = new LargeFiles(this.#workers, (...piece) => this.#sendPiece(...piece))
    this.#claims = BlobClaims.create(repository.index)
    this.#packs = new PackStores(repository, this.#gate, options.confirmLock)
    options.signal?.addEventListener('abort', this.#onAbort)
  }

  /** What has been added so far. */
  get added(): AddedBlobs {
    return this.#added
  }

  /** Bytes of files that have been read so far. */
  get bytesRead(): number {
    return this.#counters.bytesRead
  }

  /** Large files being read. */
  get reading(): readonly string[] {
    return this.#largeFiles.paths
  }

  /** Reads and saves a file. `onSaved` is called later, with what became of it. */
  saveFile(file: FileToSave, onSaved: (saved: SavedFile) => void): void {
    this.#pendingFiles++
    if (file.size >= LARGE_FILE) {
      this.#largeFiles.add(file, (saved) => {
        // Each piece opens the file anew. Of one that changes, or that another takes the place of, only a reading in one go is of one file.
        if (saved.kind === 'failed' || saved.changedWhileRead) return this.#sendFiles([{ file, onSaved }])
        this.#pendingFiles--
        onSaved(saved)
      })
      return
    }
    this.#files.push({ file, onSaved })
    this.#filesBytes += Number(file.size)
    if (this.#files.length >= BATCH_FILES || this.#filesBytes >= BATCH_BYTES) this.#flushFiles()
  }

  /** Saves a blob unless it is stored already, and returns its id. `bytes` belongs to the saver from now on. */
  saveBlob(type: BlobType, bytes: Uint8Array): Id {
    const id = idOf(bytes)
    if (!this.#claims.claim(type, idToBytes(id))) return id
    this.#blobs.push({ type, id, bytes })
    this.#blobsBytes += bytes.length
    this.#pendingBlobBytes += bytes.length
    if (this.#blobsBytes >= BATCH_BYTES) this.#flushBlobs()
    return id
  }

  /**
   * Waits until there is room for more work.
   * @throws what stopped a thread or the storage; ERR_VARVE_ABORTED
   */
  async room(): Promise<void> {
    while (this.#pendingFiles >= MAX_PENDING_FILES || this.#pendingBlobBytes >= MAX_PENDING_BLOB_BYTES) {
      this.#flushFiles()
      this.#flushBlobs()
      await this.#gate.wait()
      throwIfAborted(this.#options.signal)
    }
    this.#gate.throwIfFailed()
  }

  /** Waits until every file that was handed over has been dealt with. */
  async filesDone(): Promise<void> {
    this.#flushFiles()
    while (this.#pendingFiles > 0) {
      await this.#gate.wait()
      throwIfAborted(this.#options.signal)
    }
    this.#gate.throwIfFailed()
  }

  /**
   * Waits until the content of all files that have been reported as saved by now, and all blobs that were handed over, are stored durably and the
   * index names them. Saving goes on meanwhile.
   * @throws what stopped a thread or the storage, or that the saver was closed
   */
  async flush(): Promise<void> {
    this.#flushBlobs()
    this.#packWaitingBlobs()
    await this.#gate.orFailure(Promise.all(this.#blobJobs))
    // What a saved file needs and another thread stores was claimed before, and so is in that thread's pack when it hands it over.
    const flush = this.#counters.askForFlush()
    // A thread that is at work sees the request between two chunks; one that is idle is woken by this job.
    this.#threads?.runOnEach({ kind: 'flush' }).catch((error: unknown) => this.#gate.fail(error))
    while (this.#flushed.some((done) => done < flush)) await this.#gate.wait()
    await this.#gate.orFailure(this.#packs.stored())
    await this.flushIndex()
  }

  /** Waits until the index names all packs that are stored. */
  async flushIndex(): Promise<void> {
    this.#gate.throwIfFailed()
    await this.#packs.flushIndex()
  }

  /** Waits until all that was handed over is stored durably and the index names it. */
  async finish(): Promise<AddedBlobs> {
    await this.filesDone()
    // Where no thread was needed until now, some folders do not make it worth while to start any.
    if (this.#threads === undefined) this.#packBlobsHere()
    this.#flushBlobs()
    while (this.#pendingBlobBytes > 0) {
      await this.#gate.wait()
      throwIfAborted(this.#options.signal)
    }
    if (this.#threads !== undefined) {
      const results = await this.#gate.orFailure(this.#threads.runOnEach({ kind: 'finish' }))
      for (const result of results) this.#added = sumAdded(this.#added, result.added)
    }
    await this.#packs.stored()
    this.#gate.throwIfFailed()
    throwIfAborted(this.#options.signal)
    await this.#packs.flushIndex()
    await this.close()
    return this.#added
  }

  /** Ends the threads and waits for what is being stored: nothing may be written when the lock is gone. Idempotent. */
  async close(): Promise<void> {
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
    this.#gate.fail(new Error('nothing is saved any more'))
    await this.#threads?.close()
    this.#threads = undefined
    await this.#packs.settled()
  }

  #flushFiles(): void {
    if (this.#files.length === 0) return
    const batch = this.#files
    this.#files = []
    this.#filesBytes = 0
    this.#sendFiles(batch)
  }

  #sendPiece(file: number, piece: FilePiece, onSaved: (saved: SavedPiece) => void): void {
    void this.#send({ kind: 'piece', file, piece }, {}, (result) => {
      if (result.piece === undefined) throw new Error('a saving thread left out a piece')
      onSaved(result.piece)
    })
  }

  #flushBlobs(): void {
    if (this.#blobs.length === 0) return
    const blobs = this.#blobs
    const bytes = this.#blobsBytes
    this.#blobs = []
    this.#blobsBytes = 0
    const batch = joinBlobs(blobs)
    const job = this.#send({ kind: 'blobs', batch }, { transfer: [batch.bytes.buffer] }, () => {
      this.#pendingBlobBytes -= bytes
    })
    this.#blobJobs.add(job)
    void job.finally(() => this.#blobJobs.delete(job))
  }

  #packBlobsHere(): void {
    const blobs = this.#blobs
    if (blobs.length === 0) return
    this.#blobs = []
    this.#pendingBlobBytes -= this.#blobsBytes
    this.#blobsBytes = 0
    const added = packBlobs(blobs, workerRepository(this.#repository), (pack) => {
      if (!this.#options.dryRun) this.#packs.begin(pack)
    })
    this.#added = sumAdded(this.#added, added)
  }

  /** Packs the blobs that no thread has taken yet, here: they may wait behind a thousand files. */
  #packWaitingBlobs(): void {
    const withdrawn = this.#threads?.withdraw(({ kind }) => kind === 'blobs') ?? []
    if (withdrawn.length === 0) return
    const blobs = withdrawn.flatMap(({ job }) => (job.kind === 'blobs' ? [...splitBlobs(job.batch)] : []))
    const added = packBlobs(blobs, workerRepository(this.#repository), (pack) => this.#packs.begin(pack))
    for (const [index, { resolve }] of withdrawn.entries()) resolve({ added: index === 0 ? added : NOTHING_ADDED })
  }

  #sendFiles(batch: readonly PendingFile[]): void {
    const files = joinFiles(batch.map(({ file }) => file))
    void this.#send({ kind: 'files', batch: files }, { transfer: [files.states.buffer] }, (result) => {
      this.#pendingFiles -= batch.length
      let next = 0
      for (const saved of result.files === undefined ? [] : splitSaved(result.files)) batch[next++]?.onSaved(saved)
      if (next !== batch.length) throw new Error('a saving thread left out a file')
    })
  }

  #send(job: SaveJob, options: JobOptions, onResult: (result: SaveResult) => void): Promise<void> {
    this.#threads ??= this.#startThreads()
    return this.#threads
      .run(job, options)
      .then(
        (result) => {
          this.#added = sumAdded(this.#added, result.added)
          onResult(result)
          this.#gate.open()
        },
        (error: unknown) => this.#gate.fail(error),
      )
      .catch((error: unknown) => this.#gate.fail(error))
  }

  #startThreads(): SaveThreads {
    for (let thread = 0; thread < this.#workers; thread++) this.#flushed[thread] = 0
    return startSaveThreads({
      repository: this.#repository,
      claims: this.#claims,
      counters: this.#counters,
      size: this.#workers,
      discard: this.#options.dryRun,
      onPack: (pack, pool) => this.#packs.begin(pack, pool),
      onCut: (cut) => this.#largeFiles.noteCut(cut),
      onFlushed: (thread, flush) => {
        this.#flushed[thread] = flush
        this.#gate.open()
      },
    })
  }
}
