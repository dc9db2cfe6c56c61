import { chmodSync, closeSync, constants, fchmodSync, fchownSync, openSync, type BigIntStats } from 'node:fs'
import { describeError, systemErrorCode } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import type { Platform } from '@varve/platform'
import { posixPermissions } from '../repository/file-mode.ts'
import { timestampToNanoseconds, ZERO_TIME } from '../repository/timestamp.ts'
import type { EntryMetadata } from './planned-entries.ts'

const FOLDER_FLAGS = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0)

/** Errors that file systems give which keep no extended attributes, or not these. */
const UNSUPPORTED: ReadonlySet<string | undefined> = new Set(['ENOTSUP', 'EOPNOTSUPP'])

/** Errors that users get who are not root where only root may do a thing. */
const NOT_PERMITTED: ReadonlySet<string | undefined> = new Set(['EPERM', 'EACCES'])

/** What stands for a time that the client which made the snapshot did not know. */
const UNKNOWN_TIME = timestampToNanoseconds(ZERO_TIME)

/** What is known of an entry before its metadata is set. */
export interface EntryBefore {
  /** What it has; undefined for an entry that has just been made. */
  readonly stats: BigIntStats | undefined
  /** Whether it may have extended attributes that have to go. */
  readonly hasAttributes: boolean
  /** Whether it has been made with the right owner. */
  readonly hasOwner?: boolean
  /** Whether it has been made with the right mode. */
  readonly hasMode?: boolean
}

/** An entry that has just been made, and got nothing from its folder. */
const NEW: EntryBefore = { stats: undefined, hasAttributes: false }

/**
 * Sets what entries have besides their content: owner, extended attributes, mode, times. In this order, for changing the owner takes special
 * mode bits and capabilities away, attributes of a read-only file cannot be set, and all of it may change times.
 *
 * As in restic, what only root may do is silently left out for other users, and so are attributes that the file system does not keep.
 * Each method returns what went wrong otherwise, undefined where nothing did. What an entry has already is not set again.
 */
export class MetadataWriter {
  /** Entries some of whose extended attributes could not be kept. */
  attributesSkipped = 0
  readonly #platform: Platform
  readonly #isRoot = process.geteuid?.() === 0

  constructor(platform: Platform) {
    this.#platform = platform
  }

  /** Sets the metadata of a file that is open, and closes it. */
  setOfFile(fd: number, path: string, metadata: EntryMetadata, before = NEW): string | undefined {
    const { uid, gid, mode } = metadata
    let failure: string | undefined
    try {
      if (!hasOwner(before, metadata)) failure = this.#attempt(() => fchownSync(fd, uid, gid))
      failure ??= this.#setAttributes(path, metadata, before)
      if (!hasMode(before, metadata)) failure ??= this.#attempt(() => fchmodSync(fd, posixPermissions(mode)))
      if (isWritten(before)) {
        failure ??= this.#setTimes(metadata, before, (atime, mtime) => this.#platform.setTimesOfFile(fd, atime, mtime))
      }
    } finally {
      closeSync(fd)
    }
    return failure ?? (isWritten(before) ? undefined : this.#setTimesAt(path, metadata, before))
  }

  /** Sets the metadata of a folder. */
  setOfFolder(path: string, metadata: EntryMetadata, before = NEW): string | undefined {
    return (
      this.#setOwner(path, metadata, before) ??
      this.#setAttributes(path, metadata, before) ??
      (hasMode(before, metadata) ? undefined : this.#attempt(() => changeFolderMode(path, metadata.mode))) ??
      this.#setTimesAt(path, metadata, before)
    )
  }

  /** Sets the metadata of a symbolic link, which has no mode of its own. */
  setOfLink(path: string, metadata: EntryMetadata, before = NEW): string | undefined {
    return (
      this.#setOwner(path, metadata, before) ??
      this.#setAttributes(path, metadata, before) ??
      this.#setTimesAt(path, metadata, before)
    )
  }

  /** Sets the metadata of a FIFO or device. */
  setOfSpecial(path: string, metadata: EntryMetadata, before = NEW): string | undefined {
    const permissions = posixPermissions(metadata.mode)
    return (
      this.#setOwner(path, metadata, before) ??
      this.#setAttributes(path, metadata, before) ??
      (hasMode(before, metadata) ? undefined : this.#attempt(() => chmodSync(toFsPath(path), permissions))) ??
      this.#setTimesAt(path, metadata, before)
    )
  }

  #setOwner(path: string, metadata: EntryMetadata, before: EntryBefore): string | undefined {
    if (hasOwner(before, metadata)) return undefined
    return this.#attempt(() => this.#platform.setOwner(path, metadata.uid, metadata.gid))
  }

  #setAttributes(path: string, { attributes }: EntryMetadata, { hasAttributes }: EntryBefore): string | undefined {
    if (attributes.length === 0 && !hasAttributes) return undefined
    const { extendedAttributes } = this.#platform
    if (extendedAttributes === undefined) {
      if (attributes.length > 0) this.attributesSkipped++
      return undefined
    }
    return this.#attempt(() => {
      try {
        extendedAttributes.replace(path, attributes)
      } catch (error) {
        if (!UNSUPPORTED.has(systemErrorCode(error))) throw error
        this.attributesSkipped++
      }
    })
  }

  #setTimesAt(path: string, metadata: EntryMetadata, before: EntryBefore): string | undefined {
    return this.#setTimes(metadata, before, (atime, mtime) => this.#platform.setTimes(path, atime, mtime))
  }

  #setTimes(
    metadata: EntryMetadata,
    { stats }: EntryBefore,
    set: (atime: bigint, mtime: bigint) => void,
  ): string | undefined {
    const { mtime } = metadata
    if (mtime === UNKNOWN_TIME) return undefined
    const atime = metadata.atime === UNKNOWN_TIME ? mtime : metadata.atime
    if (stats?.mtimeNs === mtime && stats.atimeNs === atime) return undefined
    return this.#attempt(() => set(atime, mtime))
  }

  #attempt(work: () => void): string | undefined {
    try {
      work()
      return undefined
    } catch (error) {
      if (!this.#isRoot && NOT_PERMITTED.has(systemErrorCode(error))) return undefined
      return `its metadata could not be set: ${describeError(error)}`
    }
  }
}

/** Changes the mode of a folder, never of what a link in its place leads to. Throws the system's error. */
export function changeFolderMode(path: string, mode: number): void {
  if (constants.O_DIRECTORY === undefined) return chmodSync(toFsPath(path), posixPermissions(mode))
  const fd = openSync(toFsPath(path), FOLDER_FLAGS)
  try {
    fchmodSync(fd, posixPermissions(mode))
  } finally {
    closeSync(fd)
  }
}

/** Whether a file is open for writing, and not only for looking at it: by such a descriptor Windows sets no times. */
function isWritten({ stats }: EntryBefore): boolean {
  return stats === undefined
}

function hasOwner({ stats, hasOwner = false }: EntryBefore, { uid, gid }: EntryMetadata): boolean {
  return hasOwner || (stats !== undefined && Number(stats.uid) === uid && Number(stats.gid) === gid)
}

/** A change of the owner may have changed the mode, so that it counts only together with the owner. */
function hasMode(before: EntryBefore, metadata: EntryMetadata): boolean {
  const { stats } = before
  if (stats === undefined) return before.hasMode ?? false
  return hasOwner(before, metadata) && Number(stats.mode & 0o7777n) === posixPermissions(metadata.mode)
}
