import type { LongCall, Problem } from '@varve/platform'
import type { DirIndexOptions } from '../directory-index/dir-index.ts'
import type { ChainStorage } from './chain-storage.ts'

/** Which backups, and where they lie. */
export interface ChainsOptions {
  readonly storage: ChainStorage
  /** Begins the names of all objects. */
  readonly key: string
  /** Where temporary files go: an index, an archive of changes, or one volume at a time. The system's folder for such if undefined. */
  readonly workFolder?: string | undefined
  /** What time it is, in milliseconds since 1970; `Date.now` if undefined. */
  readonly now?: (() => number) | undefined
}

/** How a backup is made. */
export interface BackupOptions
  extends Pick<LongCall, 'signal' | 'onProgress'>, Pick<DirIndexOptions, 'excludeFile' | 'excludes' | 'unchanged'> {
  /** Told of each entry that could not be read as it is: it is in the backup as it was before, or not at all. */
  readonly onProblem?: (problem: Problem) => void
  /** `gzip` if undefined. */
  readonly compression?: 'gzip' | 'zstd' | undefined
  /** Bytes of tar in a volume of a full backup; 20 MiB if undefined. A larger file is split. */
  readonly volumeSize?: number | undefined
}

/** How a backup is restored. */
export interface RestoreChainOptions extends Pick<LongCall, 'signal' | 'onProgress'> {
  /** The newest backup that is not younger than this; the newest of all if undefined. Milliseconds since 1970. */
  readonly to?: number | undefined
}
