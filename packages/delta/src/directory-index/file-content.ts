import { createHash, hash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs'
import { throwIfAborted } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import { computeSignature } from '../rsync/signature.ts'
import { encodeSignature } from '../rsync/signature-format.ts'
import { breathe } from '@varve/platform'

/** Never through a symbolic link, and never waiting for the other end of a pipe that took the file's place. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** Bytes of the largest file without a signature: what a delta could save of it is less than what the signature takes. */
export const LARGEST_WITHOUT_SIGNATURE = 4096

/** Bytes that are read at once. */
const PIECE = 256 * 1024

/** How often a file that changes meanwhile is read. */
const MOST_ATTEMPTS = 3

/** What a file holds. */
export interface FileContent {
  readonly size: number
  /** SHA-256, 64 hexadecimal digits. */
  readonly hash: string
  /** See `IndexEntry.signature`. */
  readonly signature: Uint8Array | undefined
  /** Of the file when it was opened for the last time. */
  readonly stats: BigIntStats
  /** Whether it changed each time while it was being read: then size and hash are of what was read, which may never have been there at once. */
  readonly changed: boolean
}

/**
 * Reads a file once and finds out all that an index keeps of its content. Where the file changes meanwhile it is read again, a few times. Bytes that are
 * appended meanwhile do not count.
 *
 * @param withSignature - whether files that are large enough get a signature
 * @throws the system's error; a plain Error where it is not a file any more; ERR_VARVE_ABORTED
 */
export async function readFileContent(
  path: string,
  withSignature: boolean,
  signal: AbortSignal | undefined,
): Promise<FileContent> {
  for (let attempt = 1; ; attempt++) {
    const fd = openSync(toFsPath(path), FLAGS)
    try {
      const stats = fstatSync(fd, { bigint: true })
      if (!stats.isFile()) throw new Error('it is not a file any more')
      const content = await readContent(fd, Number(stats.size), withSignature, signal)
      const after = fstatSync(fd, { bigint: true })
      const changed =
        after.size !== stats.size || after.mtimeNs !== stats.mtimeNs || content.size !== Number(stats.size)
      if (!changed || attempt === MOST_ATTEMPTS) return { ...content, stats, changed }
    } finally {
      closeSync(fd)
    }
  }
}

async function readContent(
  fd: number,
  size: number,
  withSignature: boolean,
  signal: AbortSignal | undefined,
): Promise<Pick<FileContent, 'size' | 'hash' | 'signature'>> {
  if (size <= LARGEST_WITHOUT_SIGNATURE || !withSignature) return await hashContent(fd, size, signal)
  const signature = await computeSignature(piecesOf(fd, size), {
    expectedSize: size,
    ...(signal === undefined ? {} : { signal }),
  })
  return {
    size: signature.fileSize,
    hash: Buffer.from(signature.digest).toString('hex'),
    signature: encodeSignature(signature),
  }
}

async function hashContent(
  fd: number,
  size: number,
  signal: AbortSignal | undefined,
): Promise<Pick<FileContent, 'size' | 'hash' | 'signature'>> {
  if (size <= PIECE) {
    const bytes = readUpTo(fd, size)
    return { size: bytes.length, hash: hash('sha256', bytes, 'hex'), signature: undefined }
  }
  const whole = createHash('sha256')
  let read = 0
  for await (const piece of piecesOf(fd, size)) {
    throwIfAborted(signal)
    whole.update(piece)
    read += piece.length
  }
  return { size: read, hash: whole.digest('hex'), signature: undefined }
}

/** The first `size` bytes of a file, fewer where it ends before. */
async function* piecesOf(fd: number, size: number): AsyncGenerator<Buffer> {
  for (let left = size; left > 0;) {
    await breathe()
    const piece = readUpTo(fd, Math.min(left, PIECE))
    if (piece.length === 0) return
    yield piece
    left -= piece.length
  }
}

function readUpTo(fd: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  let done = 0
  while (done < length) {
    const count = readSync(fd, bytes, done, length - done, null)
    if (count === 0) break
    done += count
  }
  return bytes.subarray(0, done)
}
