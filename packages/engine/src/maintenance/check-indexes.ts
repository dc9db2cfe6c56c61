import { isVarveError, throwIfAborted } from '@varve/platform/errors'
import { BlobIndex } from '../repository/blob-index.ts'
import type { PackContents } from '../repository/blob.ts'
import type { Id } from '../repository/id.ts'
import { decodePacks } from '../repository/index-file.ts'
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
      for (const pack of decodePacks(read.value, read.id)) packs.add(pack, read.id)
    } catch (error) {
      if (!isVarveError(error)) throw error
      out.add({ kind: 'damaged-index', index: read.id, message: error.message })
    }
  }
  packs.report(out)
  return { index: packs.index, files: files.length }
}

/** Puts indexes together and notices packs that are named more than once. */
class PackComparison {
  readonly index = new BlobIndex()
  readonly #indexes = new Map<Id, Id | Id[]>()
  readonly #conflicting = new Set<Id>()

  add(pack: PackContents, from: Id): void {
    const before = this.#indexes.get(pack.id)
    if (before === undefined) {
      this.#indexes.set(pack.id, from)
      this.index.add(pack)
      return
    }
    this.#indexes.set(pack.id, typeof before === 'string' ? [before, from] : [...before, from])
    const known = this.index.pack(pack.id)?.blobs.length
    this.index.add(pack)
    const together = this.index.pack(pack.id)?.blobs.length
    if (known !== pack.blobs.length || together !== known) this.#conflicting.add(pack.id)
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
