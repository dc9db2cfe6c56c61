import { chmodSync, closeSync, fstatSync, ftruncateSync } from 'node:fs'
import { describeError, systemErrorCode } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import { makeFile, openForWriting } from './file-writer.ts'
import { lookAt } from './plan-context.ts'
import { EntryMark } from './entry-mark.ts'
import type { PlannedEntries } from './planned-entries.ts'
import { removeObstacle } from './removal.ts'
import { throwIfTargetFailed } from './target-failure.ts'

/** Prepares files for the threads that write them: what is in the way goes, and a file that is written in parts gets its full size. */
export class FilePreparation {
  readonly #entries: PlannedEntries
  readonly #separator: string
  readonly #recursive: boolean
  readonly #onFailure: (entry: number, message: string) => void

  /**
   * @param recursive - whether a folder that is not empty may go
   * @param onFailure - called for a file that cannot be prepared; it has been marked as failed
   */
  constructor(
    entries: PlannedEntries,
    separator: string,
    recursive: boolean,
    onFailure: (entry: number, message: string) => void,
  ) {
    this.#entries = entries
    this.#separator = separator
    this.#recursive = recursive
    this.#onFailure = onFailure
  }

  /** Prepares a file, unless that has been done. @returns whether it can be written. @throws ERR_VARVE_TARGET */
  prepare(entry: number): boolean {
    if (this.#entries.isMarked(entry, EntryMark.failed)) return false
    if (!this.#entries.mark(entry, EntryMark.prepared)) return true
    try {
      this.#prepare(entry)
      return true
    } catch (error) {
      throwIfTargetFailed(error, this.#entries.path(entry))
      this.#entries.mark(entry, EntryMark.failed)
      this.#onFailure(entry, describeError(error))
      return false
    }
  }

  #prepare(entry: number): void {
    const action = this.#entries.action(entry)
    if (action === 'keep') return
    const hasParts = this.#entries.endPiece(entry) - this.#entries.firstPiece(entry) > 1
    if (action === 'make' && !hasParts) return
    const path = this.#entries.path(entry)
    if (action === 'update') return this.#resizePresent(entry, path)
    if (action === 'replace') removeObstacle(path, this.#separator, this.#recursive)
    if (!hasParts) return
    const fd = makeFile(path)
    this.#entries.mark(entry, EntryMark.made)
    setSize(fd, this.#entries.size(entry))
  }

  #resizePresent(entry: number, path: string): void {
    const fd = openUnlocked(path)
    const stats = fstatSync(fd)
    if (!stats.isFile() || stats.nlink > 1) {
      closeSync(fd)
      throw new Error('it has become something else')
    }
    setSize(fd, this.#entries.size(entry), stats.size)
  }
}

/** Sets the size of an open file, if it has another one, and closes it. */
function setSize(fd: number, size: number, present = -1): void {
  try {
    if (size !== present) ftruncateSync(fd, size)
  } finally {
    closeSync(fd)
  }
}

/** Opens a file for writing, if need be after making it writable. */
function openUnlocked(path: string): number {
  try {
    return openForWriting(path)
  } catch (error) {
    if (systemErrorCode(error) !== 'EACCES' || lookAt(path)?.isFile() !== true) throw error
    chmodSync(toFsPath(path), 0o600)
    return openForWriting(path)
  }
}
