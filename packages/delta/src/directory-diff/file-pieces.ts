import { createHash, hash as hashAtOnce } from 'node:crypto'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { describeError, throwIfAborted, VarveError } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import type { FileState } from '../directory-index/entry.ts'

const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
const PIECE = 256 * 1024

/**
 * The content that a file of a folder had when it was indexed: as many bytes as it had then, for it may have grown at its end since. Whether they are the same
 * is known only after the last one.
 *
 * @param folder - the folder that was indexed
 * @param path - of the file in it
 * @throws ERR_VARVE_SOURCE where it cannot be read or has changed; ERR_VARVE_ABORTED
 */
export async function* indexedContent(
  folder: string,
  path: string,
  { size, hash }: FileState,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  let file
  try {
    if (size <= PIECE) {
      const bytes = readAtOnce(`${folder}/${path}`, size)
      if (bytes.length < size || hashAtOnce('sha256', bytes, 'hex') !== hash) throw changedSince(path)
      if (size > 0) yield bytes
      return
    }
    file = await open(toFsPath(`${folder}/${path}`), FLAGS)
    const whole = createHash('sha256')
    for (let left = size; left > 0;) {
      throwIfAborted(signal)
      const piece = Buffer.allocUnsafe(Math.min(left, PIECE))
      const { bytesRead } = await file.read(piece, 0, piece.length, null)
      if (bytesRead === 0) throw changedSince(path)
      left -= bytesRead
      whole.update(piece.subarray(0, bytesRead))
      yield piece.subarray(0, bytesRead)
    }
    if (whole.digest('hex') !== hash) throw changedSince(path)
  } catch (error) {
    if (error instanceof VarveError) throw error
    throw new VarveError('ERR_VARVE_SOURCE', `cannot read '${path}' again: ${describeError(error)}`, {
      cause: error,
      hint: 'index the folder again, and compare again',
    })
  } finally {
    await file?.close()
  }
}

/** By synchronous calls, which for a small file take much less time than promises. */
function readAtOnce(path: string, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  const fd = openSync(toFsPath(path), FLAGS)
  try {
    let done = 0
    while (done < size) {
      const count = readSync(fd, bytes, done, size - done, null)
      if (count === 0) break
      done += count
    }
    return bytes.subarray(0, done)
  } finally {
    closeSync(fd)
  }
}

/** What is thrown where a file is not what the index says. */
export function changedSince(path: string): VarveError {
  return new VarveError('ERR_VARVE_SOURCE', `'${path}' has changed since it was indexed`, {
    hint: 'index the folder again, and compare again',
  })
}
