import { describeError, isVarveError, type Problem } from '@varve/platform'
import { hashFile } from '../increment/hash-file.ts'
import type { CatalogueEntry, TrackedState } from '../increment/increment.ts'
import type { LoadedIncrement, OriginalIncrement } from '../increment/loaded-increment.ts'
import type { OriginalFile } from '../increment/original-metadata.ts'
import type { Category } from '../increment/metadata-format.ts'
import { PlainFolders } from './plain-folders.ts'

/** How far a time may be from what the original program wrote down, in nanoseconds: what it takes for the same. */
const SAME_TIME = 1_000_000_000n

/** An increment with the states of all that changed in it, as far as anybody can know them. */
export interface CompleteIncrement {
  readonly name: string
  /** Absolute path of its folder. */
  readonly folder: string
  readonly time: Date
  /** Whether `before` is known of what is new or changed; of what went it always is. */
  readonly knowsBefore: boolean
  /** The increment before: a name, `'none'` where there was none, undefined where nobody knows. */
  readonly previous: string | undefined
  readonly source: string | undefined
  /** Of the whole tracked tree after it; undefined where nobody knows. */
  readonly digest: string | undefined
  /** In the order of paths. */
  readonly entries: readonly CatalogueEntry[]
  /** What changed in it, and is unknown now: files that the original program's metadata names, and that are not there as it says. */
  readonly lost: readonly LostFile[]
}

/** A file that an increment should have, and of which nobody knows what it was. */
export interface LostFile extends Problem {
  readonly category: Category
}

/**
 * Completes what an increment's metadata says. Where the original program made it, that takes reading its files, as nothing else tells their hashes.
 *
 * @throws ERR_VARVE_ABORTED
 */
export async function completeIncrement(
  loaded: LoadedIncrement,
  signal: AbortSignal | undefined,
): Promise<CompleteIncrement> {
  const { name, folder, time } = loaded
  if (loaded.origin === 'original') {
    const content = await readOriginalFiles(loaded, signal)
    return {
      name,
      folder,
      time,
      knowsBefore: false,
      previous: undefined,
      source: undefined,
      digest: undefined,
      ...content,
    }
  }
  const { increment, origin } = loaded
  const { digest, entries, source } = increment
  const knowsBefore = origin === 'varve'
  const previous = increment.previous ?? (knowsBefore ? NO_INCREMENT : undefined)
  return { name, folder, time, knowsBefore, previous, source, digest, entries, lost: [] }
}

/** Stands for the increment before the first. No increment is called so. */
export const NO_INCREMENT = 'none'

async function readOriginalFiles(
  { folder, files }: OriginalIncrement,
  signal: AbortSignal | undefined,
): Promise<Pick<CompleteIncrement, 'entries' | 'lost'>> {
  const places = new PlainFolders()
  const entries: CatalogueEntry[] = []
  const lost: LostFile[] = []
  for (const file of files) {
    const { path, category } = file
    const state = await readOriginalFile(folder, file, places, signal)
    if ('message' in state) lost.push({ ...state, category })
    else
      entries.push({
        path,
        before: category === 'track' ? undefined : state,
        after: category === 'track' ? state : undefined,
      })
  }
  return { entries, lost }
}

async function readOriginalFile(
  folder: string,
  { path, category, size, mtime }: OriginalFile,
  places: PlainFolders,
  signal: AbortSignal | undefined,
): Promise<TrackedState | Problem> {
  try {
    if (!places.isReachable(folder, `${category}/${path}`)) return { path, message: 'it is not in the increment' }
    const { stats, hash, size: found } = await hashFile(`${folder}/${category}/${path}`, signal)
    if (size !== undefined && size !== found) {
      return { path, message: `it has ${found} bytes, and had ${size} when the increment was made` }
    }
    const shift = mtime === undefined ? 0n : stats.mtimeNs - mtime
    if (shift > SAME_TIME || shift < -SAME_TIME) {
      return { path, message: 'it was changed after the increment was made' }
    }
    return { type: 'file', mode: Number(stats.mode & 0o7777n), mtime: stats.mtimeNs, size: found, hash }
  } catch (error) {
    if (isVarveError(error, 'ERR_VARVE_ABORTED')) throw error
    return { path, message: describeError(error) }
  }
}
