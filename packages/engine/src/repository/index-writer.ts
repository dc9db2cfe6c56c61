import type { PackContents } from './blob.ts'
import type { Id } from './id.ts'
import { INDEX_FILE_BLOBS, encodeIndexedPack, encodeIndexedPacks, type IndexedPack } from './index-file.ts'
import { releaseNow } from '../release-now.ts'
import type { OpenRepository } from './repository.ts'

/** Time after which an index file is written though it is not full, restic's: what a long job that is interrupted has stored is not lost. */
const MAX_AGE_MS = 10 * 60_000

/**
 * Writes what packs hold into index files: one for every 50,000 blobs, and at least one every ten minutes in which packs are added. Packs must be
 * stored before they are added.
 */
export class IndexWriter {
  readonly #repository: Pick<OpenRepository, 'saveUnpacked'>
  readonly #now: () => number
  readonly #written: Id[] = []
  #packs: IndexedPack[] = []
  #blobs = 0
  #startedAt = 0
  /** Files are written one after the other: each may take some megabytes of memory. */
  #writing: Promise<void> = Promise.resolve()

  /** @param now - the time in milliseconds */
  constructor(repository: Pick<OpenRepository, 'saveUnpacked'>, now: () => number = Date.now) {
    this.#repository = repository
    this.#now = now
  }

  /** Index files that were written so far. */
  get written(): readonly Id[] {
    return this.#written
  }

  /** Adds a stored pack. An index file that is due is written meanwhile; `flush` tells how that went. */
  add(pack: PackContents): void {
    this.addIndexed(encodeIndexedPack(pack))
  }

  /** As {@link add}, for a pack that another thread has filled. */
  addIndexed(pack: IndexedPack): void {
    if (this.#packs.length === 0) this.#startedAt = this.#now()
    this.#packs.push(pack)
    this.#blobs += pack.blobs
    if (this.#blobs >= INDEX_FILE_BLOBS || this.#now() - this.#startedAt >= MAX_AGE_MS) this.#write()
  }

  /**
   * Waits until index files name all packs that were added.
   * @throws ERR_VARVE_STORAGE where one could not be written
   */
  async flush(): Promise<void> {
    if (this.#packs.length > 0) this.#write()
    await this.#writing
  }

  /** Waits until no file is being written, however that went, and starts no other: for whoever gives up. */
  async settled(): Promise<void> {
    await this.#writing.catch(() => undefined)
  }

  #write(): void {
    const packs = this.#packs
    this.#packs = []
    this.#blobs = 0
    this.#writing = this.#writing.then(async () => {
      const text = encodeIndexedPacks(packs)
      for (const { records } of packs) releaseNow(records)
      this.#written.push(await this.#repository.saveUnpacked('index', text))
      releaseNow(text)
    })
    // Whoever flushes gets the failure; until then nobody may be waiting, which is no reason to end the process.
    this.#writing.catch(() => undefined)
  }
}
