import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs'
import type { ChunkStream } from '../chunking/chunk-stream.ts'
import { systemErrorCode, VarveError } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import { sameState, type FileState } from './change-detection.ts'
import type { FileToSave } from './save-jobs.ts'

/** Never follows a link that took the file's place; leaves the time of access alone where the system allows that. */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
const OPEN_FLAGS_QUIET = OPEN_FLAGS | (constants.O_NOATIME ?? 0)

/** How a file was while it was read. */
export interface FileReading {
  /** Bytes that were read. */
  readonly size: number
  /** The file when reading began, where that is not what the scan saw. */
  readonly found: FileState | undefined
  /** It changed between the first byte and the last. */
  readonly changedWhileRead: boolean
}

/**
 * Reads a file and gives out its chunks in order, each valid until the callback returns.
 *
 * @param file - as the scan saw it
 * @param chunks - whose memory it is read into
 * @param onChunk - called with each chunk
 * @throws the system's error where the file cannot be opened or read, ERR_VARVE_SOURCE where it is no regular file any more
 */
export function readFileChunks(
  file: FileToSave,
  chunks: ChunkStream,
  onChunk: (chunk: Uint8Array) => void,
): FileReading {
  const fd = openForReading(file.path)
  try {
    return readUnchanged(fd, file, chunks, onChunk) ?? readWatched(fd, file, chunks, onChunk)
  } finally {
    closeSync(fd)
  }
}

/**
 * Reads a file that fits into the chunker's memory with one call, and looks at it only then: one that is still as the scan saw it was so
 * all the while. Undefined, without a chunk given out, where it is not, or where it is larger.
 */
function readUnchanged(
  fd: number,
  file: FileToSave,
  chunks: ChunkStream,
  onChunk: (chunk: Uint8Array) => void,
): FileReading | undefined {
  const size = Number(file.size)
  chunks.restart()
  const room = chunks.room()
  if (size >= room.length || readAtOnce(fd, room) !== size) return undefined
  const after = fstatSync(fd, { bigint: true })
  if (!sameState(after, file) || !after.isFile()) return undefined
  chunks.fed(size)
  chunks.end()
  for (let chunk = chunks.next(); chunk !== undefined; chunk = chunks.next()) onChunk(chunk)
  return { size, found: undefined, changedWhileRead: false }
}

/** What took the file's place may be no file at all; whoever looks closer says so. */
function readAtOnce(fd: number, room: Uint8Array): number | undefined {
  try {
    return readSync(fd, room, 0, room.length, 0)
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    return undefined
  }
}

function readWatched(
  fd: number,
  file: FileToSave,
  chunks: ChunkStream,
  onChunk: (chunk: Uint8Array) => void,
): FileReading {
  const before = fstatSync(fd, { bigint: true })
  if (!before.isFile()) throw notAFile()
  const size = readChunks(fd, Number(before.size), chunks, onChunk)
  const after = fstatSync(fd, { bigint: true })
  return {
    size,
    found: sameState(before, file) ? undefined : stateOf(before),
    changedWhileRead: !sameState(before, after),
  }
}

/**
 * Opens a file for reading only: no link that took its place is followed, and its time of access stays as it is where the system allows that.
 * @throws the system's error, ERR_VARVE_SOURCE where it is no regular file any more
 */
export function openForReading(path: string): number {
  const fsPath = toFsPath(path)
  try {
    return openSync(fsPath, OPEN_FLAGS_QUIET)
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ELOOP' || code === 'ENXIO') throw notAFile(error)
    // Only a file's owner may read it without touching its time of access.
    if (code !== 'EPERM') throw error
    return openSync(fsPath, OPEN_FLAGS)
  }
}

/** For what took a file's place: a symbolic link cannot be opened with these flags, nor a socket at all. */
export function notAFile(cause?: unknown): VarveError {
  return new VarveError('ERR_VARVE_SOURCE', 'it is no regular file any more', { cause })
}

/** Reads up to the size that the file has, or to its end: what is appended meanwhile is noticed by its size afterwards. */
function readChunks(fd: number, expected: number, chunks: ChunkStream, onChunk: (chunk: Uint8Array) => void): number {
  let total = 0
  let ended = false
  chunks.restart()
  while (!ended) {
    const room = chunks.room()
    const count = readSync(fd, room, 0, room.length, total)
    total += count
    chunks.fed(count)
    ended = count === 0 || total === expected
    if (ended) chunks.end()
    for (let chunk = chunks.next(); chunk !== undefined; chunk = chunks.next()) onChunk(chunk)
  }
  return total
}

/** What is compared of a file. */
export function stateOf({ size, mtimeNs, ctimeNs, ino }: BigIntStats): FileState {
  return { size, mtimeNs, ctimeNs, ino }
}
