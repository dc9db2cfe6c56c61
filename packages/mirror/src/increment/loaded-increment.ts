import type { Increment, TrackedState } from './increment.ts'
import { keptStates, type Category } from './metadata-format.ts'
import type { OriginalFile } from './original-metadata.ts'

interface Loaded {
  /** As its folder is called. */
  readonly name: string
  /** Absolute path of its folder. */
  readonly folder: string
  readonly time: Date
}

/** An increment whose metadata a run of ours or `recreate` wrote. */
export interface OwnIncrement extends Loaded {
  readonly origin: 'varve' | 'recreated'
  readonly increment: Increment
}

/** An increment that the original program made. */
export interface OriginalIncrement extends Loaded {
  readonly origin: 'original'
  readonly files: readonly OriginalFile[]
}

/** An increment as its metadata tells of it. Nothing says yet that its content is there. */
export type LoadedIncrement = OwnIncrement | OriginalIncrement

/** What lies in an increment, or went in it, for those who list, search and show. */
export interface CataloguedEntry {
  readonly path: string
  /** Its content, where it is a file, lies below the folder of this name. */
  readonly category: Category
  readonly type: TrackedState['type']
  /** Bytes; undefined of what is no file, and where the metadata says nothing. */
  readonly size: number | undefined
  /** Nanoseconds since 1970; undefined where the metadata says nothing. */
  readonly mtime: bigint | undefined
  /** SHA-256 in hexadecimal; undefined of what is no file, and where the metadata says nothing. */
  readonly hash: string | undefined
}

/**
 * All entries of an increment, in the order of paths: the new state of what is there, the last of what went; a file that something else took the place of
 * is there twice. Files whose content was deleted from the increment are left out.
 */
export function* catalogueOf(loaded: LoadedIncrement): Generator<CataloguedEntry> {
  if (loaded.origin === 'original') {
    for (const file of loaded.files) yield { ...file, type: 'file', hash: undefined }
    return
  }
  for (const entry of loaded.increment.entries) {
    for (const { category, state } of keptStates(entry)) {
      const { type, mtime } = state
      const [size, hash] = type === 'file' ? [state.size, state.hash] : []
      yield { path: entry.path, category, type, size, mtime, hash }
    }
  }
}
