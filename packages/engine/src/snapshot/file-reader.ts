import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs'
import type { Chunker } from '../chunking/chunker.ts'
import { systemErrorCode, VarveError } from '../errors.ts'
import { toFsPath } from '../platform/file-name.ts'
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
 * Reads a file through the chunker's buffer and gives out its chunks in order, each valid until the callback returns.
 *
 * @param file - as the scan saw it
 * @param onChunk - called with each chunk
 * @throws the system's error where the file cannot be opened or read, ERR_VARVE_SOURCE where it is no regular file any more
 */
export function readFileChunks(file: FileToSave, chunker: Chunker, onChunk: (chunk: Uint8Array) => void): FileReading {
  const fd = openForReading(file.path)
  try {
    const before = fstatSync(fd, { bigint: true })
    if (!before.isFile()) throw new VarveError('ERR_VARVE_SOURCE', 'it is no regular file any more')
    const size = readChunks(fd, Number(before.size), chunker, onChunk)
    const after = fstatSync(fd, { bigint: true })
    return {
      size,
      found: sameState(before, file) ? undefined : stateOf(before),
      changedWhileRead: !sameState(before, after),
    }
  } finally {
    closeSync(fd)
  }
}

function openForReading(path: string): number {
  const fsPath = toFsPath(path)
  try {
    return openSync(fsPath, OPEN_FLAGS_QUIET)
  } catch (error) {
    // Only a file's owner may read it without touching its time of access.
    if (systemErrorCode(error) !== 'EPERM') throw error
    return openSync(fsPath, OPEN_FLAGS)
  }
}

/** Reads up to the size that the file has, or to its end: what is appended meanwhile is noticed by its size afterwards. */
function readChunks(fd: number, expected: number, chunker: Chunker, onChunk: (chunk: Uint8Array) => void): number {
  const { buffer } = chunker
  let total = 0
  let start = 0
  let end = 0
  for (let ended = false; !ended || start < end;) {
    while (!ended && end - start < chunker.maxSize) {
      if (end === buffer.length) {
        buffer.copyWithin(0, start, end)
        end -= start
        start = 0
      }
      const count = readSync(fd, buffer, end, buffer.length - end, null)
      end += count
      total += count
      ended = count === 0 || total === expected
    }
    while (end - start >= chunker.maxSize || (ended && start < end)) {
      const cut = chunker.cut(start, end)
      onChunk(buffer.subarray(start, cut))
      start = cut
    }
  }
  return total
}

function stateOf({ size, mtimeNs, ctimeNs, ino }: BigIntStats): FileState {
  return { size, mtimeNs, ctimeNs, ino }
}
