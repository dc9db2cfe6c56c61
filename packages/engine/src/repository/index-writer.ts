import type { PackContents } from './blob.ts'
import type { Id } from './id.ts'
import { INDEX_FILE_BLOBS, encodeIndex } from './index-file.ts'
import type { OpenRepository } from './repository.ts'

/** Writes what packs hold into index files, one for every 50,000 blobs. Packs must be stored before they are added. */
export class IndexWriter {
  readonly #repository: OpenRepository
  readonly #written: Id[] = []
  #packs: PackContents[] = []
  #blobs = 0
  /** Files are written one after the other: each may take some megabytes of memory. */
  #writing: Promise<void> = Promise.resolve()

  constructor(repository: OpenRepository) {
    this.#repository = repository
  }

  /** Index files that were written so far. */
  get written(): readonly Id[] {
    return this.#written
  }

  /** Adds a stored pack. An index file that this fills is written meanwhile; `flush` tells how that went. */
  add(pack: PackContents): void {
    this.#packs.push(pack)
    this.#blobs += pack.blobs.length
    if (this.#blobs >= INDEX_FILE_BLOBS) this.#write()
  }

  /**
   * Waits until index files name all packs that were added.
   * @throws ERR_VARVE_STORAGE where one could not be written
   */
  async flush(): Promise<void> {
    if (this.#packs.length > 0) this.#write()
    await this.#writing
  }

  #write(): void {
    const packs = this.#packs
    this.#packs = []
    this.#blobs = 0
    this.#writing = this.#writing.then(async () => {
      this.#written.push(await this.#repository.saveUnpacked('index', encodeIndex(packs)))
    })
    // Whoever flushes gets the failure; until then nobody may be waiting, which is no reason to end the process.
    this.#writing.catch(() => undefined)
  }
}
