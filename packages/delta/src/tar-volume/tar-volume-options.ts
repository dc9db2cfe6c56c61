import { basename, isAbsolute, relative, resolve } from 'node:path'
import type { Problem, Progress } from '@varve/platform'
import { VarveError } from '@varve/platform/errors'
import type { Compression } from './compression.ts'
import type { WritableEntry } from './entry-encoding.ts'
import type { TarMember } from './volume-index.ts'
import { assertKey } from './volume-name.ts'
import { LEAST_VOLUME_SIZE, type Oversized } from './volume-set-writer.ts'

/** How a set of volumes is written. */
export interface TarVolumeOptions {
  /** Where the volumes go. Made where it is missing. */
  readonly folder: string
  /** The folder whose files are added. Needed for `compress` and `add`. */
  readonly root?: string | undefined
  /** Begins the names of the volumes' files; the name of `root` if undefined. */
  readonly key?: string | undefined
  /** The folder within the archive that all members lie in; the name of `root` if undefined, none if empty. */
  readonly prefix?: string | undefined
  /** Bytes of tar in a volume at most, before compression; 20 MiB if undefined. */
  readonly volumeSize?: number | undefined
  /** `gzip` if undefined. */
  readonly compression?: Compression | undefined
  /** What becomes of a file that is larger than a volume; `own-volume` if undefined. */
  readonly oversized?: Oversized | undefined
  /** Whether to replace a set of the same key, as soon as the new one is whole. */
  readonly replace?: boolean | undefined
  /** Whether to leave out an entry of `root`, and what is below it. `path` is relative to `root`. */
  readonly exclude?: ((path: string, isFolder: boolean) => boolean) | undefined
  /** Called with the path of each volume as soon as it is whole; it may be taken away then. Not for a set that replaces another. */
  readonly onVolume?: ((path: string) => Promise<void>) | undefined
  /** Called for an entry that could not be added as it is; the rest goes on. */
  readonly onProblem?: ((problem: Problem) => void) | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** Metadata of a member that is no file. */
export interface MemberMetadata {
  /** The lower twelve bits; 0644 if undefined. */
  readonly mode?: number | undefined
  /** Nanoseconds since 1970; now if undefined. */
  readonly mtime?: bigint | undefined
}

/** A member whose metadata the caller knows. */
export interface NewMember extends Pick<WritableEntry, 'path' | 'type' | 'mode' | 'mtime' | 'device'> {
  /** Bytes of a file; 0 if undefined. */
  readonly size?: number
  /** Of a symbolic or hard link. */
  readonly linkTarget?: string
}

/** A set of volumes that was written. */
export interface TarVolumeResult {
  /** Paths of the volumes that were written, in their order. */
  readonly volumes: readonly string[]
  /** Path of the index. */
  readonly index: string
  /** Of the whole set. */
  readonly members: readonly TarMember[]
  /** Entries that could not be added as they are. */
  readonly problems: readonly Problem[]
}

/** What volumes hold where nothing else is asked for, as later versions of the original had it. */
export const DEFAULT_VOLUME_SIZE = 20 << 20

/** The key that options name, or leave to the name of the root. @throws ERR_VARVE_BAD_ARGUMENT */
export function keyOf({ key, root }: TarVolumeOptions): string {
  const name = key ?? (root === undefined ? '' : nameOf(root))
  assertKey(name)
  return name
}

/** The folder within the archive that all members lie in. */
export function prefixOf({ prefix, root }: TarVolumeOptions): string {
  return prefix ?? (root === undefined ? '' : nameOf(root))
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return basename(resolve(path))
}

/** @throws ERR_VARVE_BAD_ARGUMENT */
export function assertVolumeSize(size: number | undefined): void {
  if (size === undefined || (Number.isSafeInteger(size) && size >= LEAST_VOLUME_SIZE)) return
  throw new VarveError('ERR_VARVE_BAD_ARGUMENT', `volumes of ${size} bytes are too small`, {
    hint: `a volume has at least ${LEAST_VOLUME_SIZE} bytes`,
  })
}

/**
 * A path relative to the root.
 * @param path - relative to `root`, or absolute
 * @throws ERR_VARVE_BAD_ARGUMENT where it leads out of `root`
 */
export function relativeTo(root: string, path: string): string {
  const inside = relative(root, resolve(root, path))
  if (inside !== '..' && !inside.startsWith('../') && !isAbsolute(inside)) return inside
  throw new VarveError('ERR_VARVE_BAD_ARGUMENT', `'${path}' does not lie in '${root}'`)
}
