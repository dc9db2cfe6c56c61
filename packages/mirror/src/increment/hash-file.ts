import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { breathe } from '@varve/platform'
import { fillFrom, withFile } from './read-file.ts'

/** Bytes that are read at once. */
const PIECE = 1024 * 1024

/** What reading a file told. */
export interface HashedFile {
  /** Bytes that were read. */
  readonly size: number
  /** SHA-256 in hexadecimal. */
  readonly hash: string
  /** Of the file, before it was read. */
  readonly stats: BigIntStats
}

/**
 * Reads a regular file and hashes it. It is never followed if it is a symbolic link.
 *
 * @param onPiece - is given each piece, whose memory is used again afterwards
 * @throws the system's error; a plain Error where it is no file; ERR_VARVE_ABORTED
 */
export async function hashFile(
  path: string,
  signal: AbortSignal | undefined,
  onPiece?: (piece: Buffer) => void,
): Promise<HashedFile> {
  return await withFile(path, async (fd, stats) => {
    const hash = createHash('sha256')
    // One byte more than there should be tells the end of the file without another piece.
    const memory = Buffer.allocUnsafe(Math.min(PIECE, Number(stats.size) + 1))
    let size = 0
    for (;;) {
      await breathe(signal)
      const piece = fillFrom(fd, memory)
      hash.update(piece)
      onPiece?.(piece)
      size += piece.length
      if (piece.length < memory.length) return { size, hash: hash.digest('hex'), stats }
    }
  })
}
