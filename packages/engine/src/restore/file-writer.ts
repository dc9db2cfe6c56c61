import { closeSync, constants, fstatSync, ftruncateSync, lstatSync, openSync } from 'node:fs'
import { describeError, systemErrorCode } from '@varve/platform/errors'
import { writeAllSync } from '@varve/platform'
import { toFsPath } from '@varve/platform/file-name'
import { posixPermissions } from '../repository/file-mode.ts'
import { currentUmask } from './current-umask.ts'
import type { MetadataWriter } from './metadata-writer.ts'
import { EntryMark } from './entry-mark.ts'
import { HeldFolders, withHeldFolder, type Gift } from './held-folders.ts'
import type { EntryMetadata, PlannedEntries } from './planned-entries.ts'
import type { PlannedPieces } from './planned-pieces.ts'
import { throwIfTargetFailed } from './target-failure.ts'
import type { FileFailure } from './write-jobs.ts'
import { contentRuns } from './zero-runs.ts'

// Some systems have no O_NOFOLLOW.
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW
const OLD_FILE = constants.O_WRONLY | NO_FOLLOW
const UNTOUCHED_FILE = constants.O_RDONLY | NO_FOLLOW | (constants.O_NONBLOCK ?? 0)

/** Files that a thread keeps open for their next piece. */
const KEPT_OPEN = 64

const MISPLACED = 'something else is in its place'

/** Nobody else gets to see a file before its owner and mode are right. */
const NEW_MODE = 0o600

/** Bits of a mode that let a file be run as somebody else, or stay; who writes into a file takes them away (chmod(2)). */
const SPECIAL_BITS = 0o7000

/** A file that is open for writing. */
interface OpenFile {
  readonly fd: number
  /** Whether it has been made with the right owner, and with the right mode. */
  readonly hasOwner: boolean
  readonly hasMode: boolean
}

/** Makes a file that is not there yet. Throws the system's error. @returns its descriptor */
export function makeFile(path: string): number {
  return withHeldFolder(path, (held) => openSync(held, NEW_FILE, NEW_MODE))
}

/** Opens a file that is there, and is no link, for writing. Throws the system's error. @returns its descriptor */
export function openForWriting(path: string): number {
  return withHeldFolder(path, (held) => openSync(held, OLD_FILE))
}

/** Writes the content of files, in one thread of several that may be at the same file. */
export class FileWriter {
  /** Files that this thread has completed. */
  done: number[] = []
  failures: FileFailure[] = []
  bytes = 0
  readonly #entries: PlannedEntries
  readonly #pieces: PlannedPieces
  readonly #metadata: MetadataWriter
  readonly #sparse: boolean
  readonly #open = new Map<number, number>()
  readonly #folders: HeldFolders
  readonly #umask = currentUmask()

  /** @param sparse - whether long runs of zeros in new files become holes */
  constructor(entries: PlannedEntries, pieces: PlannedPieces, metadata: MetadataWriter, sparse: boolean) {
    this.#entries = entries
    this.#pieces = pieces
    this.#metadata = metadata
    this.#sparse = sparse
    this.#folders = new HeldFolders(entries)
  }

  /** Whether a piece's file is beyond help, so that the piece need not be opened. */
  isLost(piece: number): boolean {
    return this.#entries.isMarked(this.#pieces.entry(piece), EntryMark.failed)
  }

  /** Writes a piece at its place; with its last piece a file is completed. @throws ERR_VARVE_TARGET */
  write(piece: number, content: Uint8Array): void {
    const entry = this.#pieces.entry(piece)
    this.#guard(entry, () => {
      if (this.#isWhole(entry)) return this.#writeWhole(entry, content)
      const isNew = this.#entries.action(entry) !== 'update'
      this.#writeContent(this.#descriptor(entry), content, this.#pieces.fileOffset(piece), isNew)
      if (this.#entries.settlePiece(entry)) this.#completeParts(entry)
    })
  }

  /** Completes a file of whose content nothing is to be written. @throws ERR_VARVE_TARGET */
  complete(entry: number): void {
    this.#guard(entry, () => {
      const path = this.#folders.pathOf(entry)
      const action = this.#entries.action(entry)
      if (action === 'keep' || action === 'update') return this.#completePresent(entry, path)
      this.#complete(entry, path, this.#makeFile(entry, path))
    })
  }

  /** Closes all files. */
  close(): void {
    for (const fd of this.#open.values()) closeSync(fd)
    this.#open.clear()
    this.#folders.close()
  }

  /** Makes a file, with its owner and mode at once where the system gives it these. */
  #makeFile(entry: number, path: string): OpenFile {
    const metadata = this.#metadataOf(entry)
    const known = this.#folders.giftOf(entry)
    const hasMode = known !== undefined && hasOwner(known, metadata) && this.#canGiveMode(entry, known, metadata)
    const mode = hasMode ? posixPermissions(metadata.mode) : NEW_MODE
    const fd = openSync(toFsPath(path), NEW_FILE, mode)
    this.#entries.mark(entry, EntryMark.made)
    try {
      const gift = known ?? this.#folders.learnGift(entry, fd, mode)
      return { fd, hasOwner: gift !== undefined && hasOwner(gift, metadata), hasMode }
    } catch (error) {
      closeSync(fd)
      throw error
    }
  }

  #canGiveMode(entry: number, { keepsMode }: Gift, { mode, attributes }: EntryMetadata): boolean {
    // Some attributes can only be set by who may write the file; bits for running it as somebody else come last.
    if (!keepsMode || attributes.length > 0 || this.#isGivenAttributes(entry)) return false
    return (posixPermissions(mode) & (SPECIAL_BITS | this.#umask)) === 0
  }

  #isGivenAttributes(entry: number): boolean {
    return this.#entries.isMarked(this.#entries.parent(entry), EntryMark.bestowing)
  }

  /** Whether a new file has only one piece, so that it can be made and completed in one go. */
  #isWhole(entry: number): boolean {
    return (
      this.#entries.endPiece(entry) - this.#entries.firstPiece(entry) === 1 && this.#entries.action(entry) !== 'update'
    )
  }

  #writeWhole(entry: number, content: Uint8Array): void {
    const path = this.#folders.pathOf(entry)
    const file = this.#makeFile(entry, path)
    try {
      const written = this.#writeContent(file.fd, content, 0, true)
      if (written < content.length) ftruncateSync(file.fd, content.length)
    } catch (error) {
      closeSync(file.fd)
      throw error
    }
    this.#complete(entry, path, file)
  }

  /** @returns the offset after the last byte that was written */
  #writeContent(fd: number, content: Uint8Array, offset: number, isNew: boolean): number {
    let position = offset
    const runs = isNew && this.#sparse ? contentRuns(content, offset) : [{ start: 0, end: content.length }]
    for (const { start, end } of runs) {
      writeAllSync(fd, content.subarray(start, end), offset + start)
      position = offset + end
    }
    this.bytes += content.length
    return position
  }

  #completePresent(entry: number, path: string): void {
    const before = { stats: lstatSync(toFsPath(path), { bigint: true }), hasAttributes: true }
    if (!before.stats.isFile()) throw new Error(MISPLACED)
    let fd: number
    try {
      fd = openSync(toFsPath(path), UNTOUCHED_FILE)
    } catch (error) {
      if (systemErrorCode(error) !== 'EACCES') throw error
      this.#settle(entry, this.#metadata.setOfSpecial(path, this.#metadataOf(entry), before))
      return
    }
    this.#settle(entry, this.#metadata.setOfFile(fd, path, this.#metadataOf(entry), before))
  }

  #completeParts(entry: number): void {
    const path = this.#folders.pathOf(entry)
    const fd = this.#descriptor(entry)
    this.#open.delete(entry)
    this.#complete(entry, path, { fd, hasOwner: false, hasMode: false })
  }

  /** Sets the metadata of a file whose content is complete, and closes it. */
  #complete(entry: number, path: string, { fd, hasOwner, hasMode }: OpenFile): void {
    const hasAttributes = this.#entries.action(entry) === 'update' || this.#isGivenAttributes(entry)
    const before = { stats: undefined, hasAttributes, hasOwner, hasMode }
    this.#settle(entry, this.#metadata.setOfFile(fd, path, this.#metadataOf(entry), before))
  }

  #settle(entry: number, failure: string | undefined): void {
    this.#entries.mark(entry, EntryMark.done)
    this.done.push(entry)
    if (failure !== undefined) this.failures.push({ entry, message: failure })
  }

  #metadataOf(entry: number): EntryMetadata {
    const metadata = this.#entries.metadata(entry)
    if (metadata === undefined) throw new Error('a file to restore has no metadata')
    return metadata
  }

  #descriptor(entry: number): number {
    const known = this.#open.get(entry)
    if (known !== undefined) {
      this.#open.delete(entry)
      this.#open.set(entry, known)
      return known
    }
    const fd = openSync(toFsPath(this.#folders.pathOf(entry)), OLD_FILE)
    if (!fstatSync(fd).isFile()) {
      closeSync(fd)
      throw new Error(MISPLACED)
    }
    this.#open.set(entry, fd)
    if (this.#open.size > KEPT_OPEN) {
      const [oldest] = this.#open.keys()
      if (oldest !== undefined) this.#closeKept(oldest)
    }
    return fd
  }

  #closeKept(entry: number): void {
    const fd = this.#open.get(entry)
    this.#open.delete(entry)
    if (fd !== undefined) closeSync(fd)
  }

  /** What goes wrong with a file is noted; the first time it is reported. */
  #guard(entry: number, work: () => void): void {
    if (this.#entries.isMarked(entry, EntryMark.failed)) return
    try {
      work()
    } catch (error) {
      this.#closeKept(entry)
      throwIfTargetFailed(error, this.#entries.path(entry))
      if (this.#entries.mark(entry, EntryMark.failed)) this.failures.push({ entry, message: describeError(error) })
    }
  }
}

function hasOwner(gift: Gift, { uid, gid }: EntryMetadata): boolean {
  return gift.uid === uid && gift.gid === gid
}
