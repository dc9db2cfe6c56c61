import { isVarveError, throwIfAborted } from '@varve/platform/errors'
import { BlobIndex, contentsOf, idFromWords } from '../repository/blob-index.ts'
import type { PackContents } from '../repository/blob.ts'
import type { Id } from '../repository/id.ts'
import { indexPacks, type PackSink } from '../repository/index-file.ts'
import type { PackRecords } from '../repository/index-scanner.ts'
import type { OpenRepository } from '../repository/repository.ts'
import type { CheckFindings } from './check-findings.ts'
import { readAll } from './check-objects.ts'
import type { PhaseProgress } from './phase-progress.ts'

/** Index files that are read at the same time: each has some megabytes. */
const CONCURRENT_LOADS = 2

/** What all indexes that can be read say together. */
export interface IndexSurvey {
  readonly index: BlobIndex
  /** Index files. */
  readonly files: number
}

/** Reads all indexes, and compares what they say about packs that several of them name. @throws ERR_VARVE_ABORTED */
export async function readIndexes(
  repository: OpenRepository,
  out: CheckFindings,
  progress: PhaseProgress,
  signal?: AbortSignal,
): Promise<IndexSurvey> {
  const files = await repository.storage.list('index')
  const packs = new PackComparison()
  progress.begin('reading indexes', { files: files.length })
  const load = (id: Id): Promise<Uint8Array> => repository.loadUnpacked('index', id)
  for await (const read of readAll(files, CONCURRENT_LOADS, load, signal)) {
    throwIfAborted(signal)
    progress.advance(1)
    try {
      if ('error' in read) throw read.error
      packs.file = read.id
      indexPacks(read.value, read.id, packs)
    } catch (error) {
      if (!isVarveError(error)) throw error
      out.add({ kind: 'damaged-index', index: read.id, message: error.message })
    }
  }
  packs.report(out)
  return { index: packs.index, files: files.length }
}

/** Puts indexes together and notices packs that are named more than once. */
class PackComparison implements PackSink {
  readonly index = new BlobIndex()
  /** The index file that is being read. */
  file: Id | undefined
  readonly #indexes = new Map<Id, Id | Id[]>()
  readonly #conflicting = new Set<Id>()

  add(pack: PackContents): void {
    if (this.#isNew(pack.id)) return this.index.add(pack)
    const known = this.index.pack(pack.id)?.blobs.length
    this.index.add(pack)
    const together = this.index.pack(pack.id)?.blobs.length
    if (known !== pack.blobs.length || together !== known) this.#conflicting.add(pack.id)
  }

  addRecords(pack: PackRecords): void {
    const id = idFromWords(pack.id, 0)
    if (this.#indexes.has(id)) return this.add(contentsOf(pack))
    this.#isNew(id)
    this.index.addRecords(pack)
  }

  /** Notes that the file names a pack. @returns whether none did before */
  #isNew(pack: Id): boolean {
    if (this.file === undefined) throw new Error('packs come from a file')
    const before = this.#indexes.get(pack)
    if (before === undefined) this.#indexes.set(pack, this.file)
    else this.#indexes.set(pack, typeof before === 'string' ? [before, this.file] : [...before, this.file])
    return before === undefined
  }

  report(out: CheckFindings): void {
    for (const [pack, indexes] of this.#indexes) {
      if (typeof indexes === 'string') continue
      const names = indexes.join(', ')
      if (this.#conflicting.has(pack)) {
        const message = `indexes ${names} say different things about pack ${pack}`
        out.add({ kind: 'conflicting-indexes', pack, indexes, message })
      } else {
        const message = `pack ${pack} is named more than once, by indexes ${names}`
        out.hints.push({ kind: 'duplicate-pack-entries', pack, indexes, message })
      }
    }
  }
}
