import { createHash, hash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs'
import { describeError, systemErrorCode } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import type { EntryRow } from '../scan/entry-table.ts'
import type { FileSteps } from './file-steps.ts'
import { mayChangeUnseen } from './unseen-change.ts'

/** Never through a symbolic link, and never waiting for the other end of a pipe that took the file's place. */
export const READ_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** Bytes that are read at once. */
export const PIECE = 1024 * 1024

/** Bytes between two tellings of how far a large file is. */
export const TELLING = 64 * PIECE

/** Bytes of a block as `stat` counts them. */
const BLOCK = 512n

/** How often a file that changes meanwhile is read. */
const MOST_ATTEMPTS = 2

/** What the target's file system says of a name, or a size, that it cannot have: that file's problem, not the run's. */
const TARGET_REFUSES: ReadonlySet<string | undefined> = new Set(['ENAMETOOLONG', 'EINVAL', 'EILSEQ', 'EFBIG'])

/** What became of a file that was to be copied. */
export type CopyOutcome =
  | {
      readonly kind: 'copied'
      /** The file as it was read. */
      readonly row: EntryRow
      /** Whether it changed each time while it was being read: then what was read may never have been there at once. */
      readonly changed: boolean
    }
  /** It is not there any more. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'failed'; readonly message: string }

/** How a file is copied. */
export interface CopyRequest {
  readonly from: string
  /** Where nothing is yet. */
  readonly to: string
  /** Whether increments keep the file: then its hash is found out. */
  readonly tracked: boolean
}

/** Copies files, one after the other. */
export class FileCopier {
  readonly #steps: FileSteps
  readonly #onBytes: (count: number) => void
  readonly #buffer = Buffer.allocUnsafeSlow(PIECE)
  readonly #zeros = Buffer.alloc(PIECE)
  readonly #keepsOwner = process.getuid?.() === 0
  #canClone = true

  /** @param onBytes - called with bytes that were copied of files that take long */
  constructor(steps: FileSteps, onBytes: (count: number) => void = () => {}) {
    this.#steps = steps
    this.#onBytes = onBytes
  }

  /**
   * Copies content, permissions and time of a file, and its owner where this process may. Where it changes meanwhile it is read once again.
   * @throws the system's error where the target fails
   */
  copy({ from, to, tracked }: CopyRequest): CopyOutcome {
    for (let attempt = 1; ; attempt++) {
      const outcome = this.#attempt(from, to, tracked)
      if (outcome.kind !== 'copied') {
        if (this.#steps.stat(to) !== undefined) this.#steps.remove(to)
        return outcome
      }
      if (!outcome.changed || attempt === MOST_ATTEMPTS) return outcome
      this.#steps.remove(to)
    }
  }

  #attempt(from: string, to: string, tracked: boolean): CopyOutcome {
    let source
    try {
      source = openSync(toFsPath(from), READ_FLAGS)
    } catch (error) {
      return sourceOutcome(error)
    }
    try {
      const started = Date.now()
      const before = fstatSync(source, { bigint: true })
      if (!before.isFile()) return { kind: 'failed', message: 'it is no file any more' }
      const content = this.#copyContent({ from, to, tracked }, source, before)
      const after = fstatSync(source, { bigint: true })
      const isSame =
        after.size === before.size && after.mtimeNs === before.mtimeNs && content.size === Number(before.size)
      return { kind: 'copied', row: rowOf(before, content, tracked, started), changed: !isSame }
    } catch (error) {
      if (error instanceof SourceError) return sourceOutcome(error.cause)
      if (TARGET_REFUSES.has(systemErrorCode(error))) {
        return { kind: 'failed', message: `the destination cannot hold it: ${describeError(error)}` }
      }
      throw error
    } finally {
      closeSync(source)
    }
  }

  #copyContent({ from, to, tracked }: CopyRequest, source: number, stats: BigIntStats): Content {
    const isCloned = stats.size >= PIECE && this.#canClone && this.#clone(from, to)
    const target = isCloned ? openSync(toFsPath(to), READ_FLAGS) : this.#steps.create(to)
    let content
    try {
      if (!isCloned) content = this.#copyPieces(source, target, to, tracked, stats)
      else {
        this.#onBytes(Number(stats.size) - (Number(stats.size) % TELLING))
        content = tracked ? this.#hashPieces(target) : { size: Number(stats.size), hash: undefined }
      }
      if (this.#keepsOwner && (stats.uid !== 0n || stats.gid !== 0n)) {
        this.#steps.setOwnerOfOpen(target, Number(stats.uid), Number(stats.gid), to)
      }
      this.#steps.setModeOfOpen(target, Number(stats.mode & 0o7777n), to)
    } finally {
      closeSync(target)
    }
    this.#steps.setTime(to, stats.mtimeNs)
    return content
  }

  /** Whether a copy could be made that shares the original's blocks. */
  #clone(from: string, to: string): boolean {
    try {
      this.#steps.clone(from, to)
      return true
    } catch (error) {
      if (!['ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'EINVAL', 'ENOTTY', 'ENOSYS'].includes(systemErrorCode(error) ?? ''))
        throw error
      this.#canClone = false
      if (this.#steps.stat(to) !== undefined) this.#steps.remove(to)
      return false
    }
  }

  #copyPieces(source: number, target: number, to: string, tracked: boolean, stats: BigIntStats): Content {
    const size = Number(stats.size)
    if (size <= PIECE) {
      const piece = this.#read(source, size)
      if (piece.length > 0) this.#steps.write(target, piece, to)
      return { size: piece.length, hash: tracked ? hash('sha256', piece, 'buffer') : undefined }
    }
    const hasHoles = stats.blocks * BLOCK < stats.size
    const whole = tracked ? createHash('sha256') : undefined
    let done = 0
    let written = 0
    while (done < size) {
      const piece = this.#read(source, Math.min(PIECE, size - done))
      if (piece.length === 0) break
      whole?.update(piece)
      const isHole = hasHoles && piece.equals(this.#zeros.subarray(0, piece.length))
      if (!isHole) {
        this.#steps.write(target, piece, to, done)
        written = done + piece.length
      }
      done += piece.length
      if (done % TELLING === 0) this.#onBytes(TELLING)
    }
    if (written < done) this.#steps.extend(target, done, to)
    return { size: done, hash: whole?.digest() }
  }

  #hashPieces(fd: number): Content {
    const whole = createHash('sha256')
    let size = 0
    for (let piece = this.#read(fd, PIECE); piece.length > 0; piece = this.#read(fd, PIECE)) {
      whole.update(piece)
      size += piece.length
    }
    return { size, hash: whole.digest() }
  }

  /** So many bytes, or fewer where the file ends before. Good until the next call. */
  #read(fd: number, length: number): Buffer {
    let done = 0
    try {
      while (done < length) {
        const count = readSync(fd, this.#buffer, done, length - done, null)
        if (count === 0) break
        done += count
      }
    } catch (error) {
      throw new SourceError('a file cannot be read', { cause: error })
    }
    return this.#buffer.subarray(0, done)
  }
}

interface Content {
  readonly size: number
  readonly hash: Uint8Array | undefined
}

/** Tells failures of the source from those of the target. */
class SourceError extends Error {}

function sourceOutcome(error: unknown): CopyOutcome {
  const code = systemErrorCode(error)
  if (code === undefined) throw error
  if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'gone' }
  return { kind: 'failed', message: describeError(error) }
}

function rowOf(stats: BigIntStats, content: Content, tracked: boolean, started: number): EntryRow {
  return {
    kind: 'file',
    mode: Number(stats.mode & 0o7777n),
    size: content.size,
    mtime: stats.mtimeNs,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    tracked,
    doubtful: mayChangeUnseen(stats.mtimeNs, started),
    target: undefined,
    hash: content.hash,
  }
}
