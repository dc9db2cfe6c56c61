import { join, resolve } from 'node:path'
import { comparePaths } from '@varve/delta/entries'
import { describeError, isVarveError, systemErrorCode, VarveError, type LongCall, type Progress } from '@varve/platform'
import { breathe } from '@varve/platform'
import { hashFile } from '../increment/hash-file.ts'
import type { CatalogueEntry, Increment, TrackedState } from '../increment/increment.ts'
import { timeOfName } from '../increment/increment-name.ts'
import { loadIncrement, metadataPath } from '../increment/load-increment.ts'
import { withLockedMirror } from './locked-mirror.ts'
import { filesOf, linkTarget, type IncrementFile } from './increment-files.ts'
import { lookAt } from '../increment/look-at.ts'
import { keepMetadata } from './replaced-metadata.ts'
import { writeMetadata } from './write-metadata.ts'

/** How metadata is rebuilt. */
export interface RecreateOptions extends LongCall {
  /** Rebuilds even metadata that is whole, though files tell less than a run knew. Default: no. */
  readonly force?: boolean | undefined
  /** Finds out what would be done, and writes nothing. */
  readonly dryRun?: boolean | undefined
  /** When this is; now if left out. */
  readonly now?: Date | undefined
}

/** What rebuilding an increment's metadata came to. */
export interface Recreation {
  readonly name: string
  /** `kept`: it was whole, and replacing that was not asked for. */
  readonly outcome: 'made' | 'replaced' | 'kept'
  /** Entries of the new catalogue; of one that was kept 0. */
  readonly entries: number
  /** Bytes of content that were read. */
  readonly bytesRead: number
}

/**
 * Rebuilds an increment's metadata from its files alone. It then knows what is in the increment, and what went, but neither what was there before a file changed
 * nor which increment came before. Metadata that it replaces stays beside it.
 *
 * @param destination - the folder that holds the increment
 * @param name - the increment's
 * @throws ERR_VARVE_NOT_FOUND; ERR_VARVE_STORAGE where something in it cannot be read or written; ERR_VARVE_LOCKED; ERR_VARVE_ABORTED
 */
export async function recreateMetadata(
  destination: string,
  name: string,
  options: RecreateOptions = {},
): Promise<Recreation> {
  const folder = join(resolve(destination), name)
  const time = timeOfName(name)
  if (time === undefined || lookAt(folder)?.isDirectory() !== true) {
    throw new VarveError('ERR_VARVE_NOT_FOUND', `'${destination}' has no increment '${name}'`)
  }
  return await withLockedMirror(destination, options, async () => {
    const path = metadataPath(folder)
    if (options.force !== true && (await isWhole(folder))) return { name, outcome: 'kept', entries: 0, bytesRead: 0 }
    const { entries, bytesRead } = await new FileReader(folder, options).read()
    const recreatedAt = options.now ?? new Date()
    const increment: Increment = {
      name,
      time,
      previous: undefined,
      source: '',
      digest: undefined,
      recreatedAt,
      entries,
    }
    const exists = lookAt(path) !== undefined
    if (options.dryRun !== true) {
      if (exists) attemptStorage(path, () => keepMetadata(path))
      await writeMetadata(join(folder, `${name}.json`), increment)
    }
    return { name, outcome: exists ? 'replaced' : 'made', entries: entries.length, bytesRead }
  })
}

async function isWhole(folder: string): Promise<boolean> {
  try {
    await loadIncrement(folder)
    return true
  } catch (error) {
    if (isVarveError(error, 'ERR_VARVE_STORAGE')) throw error
    if (!isVarveError(error)) throw error
    // What a later version wrote is whole, though nobody here can read it.
    return error.code === 'ERR_VARVE_FORMAT' && error.hint !== undefined
  }
}

class FileReader {
  readonly #folder: string
  readonly #options: RecreateOptions
  #files = 0
  #bytes = 0

  constructor(folder: string, options: RecreateOptions) {
    this.#folder = folder
    this.#options = options
  }

  async read(): Promise<{ readonly entries: readonly CatalogueEntry[]; readonly bytesRead: number }> {
    const found = new Map<string, { before?: TrackedState; after?: TrackedState }>()
    for (const file of filesOf(this.#folder)) {
      await breathe(this.#options.signal)
      // A folder in `deleted` may only be around what went; in `track` it is as it was then.
      if (file.category === 'deleted' && file.stats.isDirectory() && !file.isEmptyFolder) continue
      const state = await this.#stateOf(file)
      if (state === undefined) continue
      const sides = found.get(file.path) ?? {}
      found.set(file.path, file.category === 'track' ? { ...sides, after: state } : { ...sides, before: state })
    }
    const entries = [...found].map(([path, { before, after }]): CatalogueEntry => ({ path, before, after }))
    return { entries: entries.toSorted((a, b) => comparePaths(a.path, b.path)), bytesRead: this.#bytes }
  }

  async #stateOf({ category, path, stats }: IncrementFile): Promise<TrackedState | undefined> {
    const common = { mode: Number(stats.mode & 0o7777n), mtime: stats.mtimeNs }
    const place = `${this.#folder}/${category}/${path}`
    if (stats.isDirectory()) return { type: 'dir', ...common }
    if (stats.isSymbolicLink())
      return { type: 'symlink', ...common, target: attemptStorage(place, () => linkTarget(place)) }
    if (!stats.isFile()) return undefined
    try {
      const { size, hash } = await hashFile(place, this.#options.signal)
      this.#files++
      this.#bytes += size
      this.#report(path)
      return { type: 'file', ...common, size, hash }
    } catch (error) {
      throw storageFailure(place, error)
    }
  }

  #report(current: string): void {
    const progress: Progress = {
      phase: 'reading',
      filesDone: this.#files,
      filesTotal: undefined,
      bytesDone: this.#bytes,
      bytesTotal: undefined,
      current: [current],
      errors: 0,
    }
    this.#options.onProgress?.(progress)
  }
}

function attemptStorage<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw storageFailure(path, error)
  }
}

/** Metadata that lacks a file would say that the increment is whole without it. */
function storageFailure(path: string, error: unknown): unknown {
  if (systemErrorCode(error) === undefined) return error
  return new VarveError('ERR_VARVE_STORAGE', `cannot take '${path}' into the metadata: ${describeError(error)}`, {
    cause: error,
  })
}
