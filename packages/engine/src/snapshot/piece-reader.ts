import { closeSync, fstatSync, readSync } from 'node:fs'
import type { Chunker } from '../chunking/chunker.ts'
import { cutPiece } from '../chunking/cut-piece.ts'
import { notAFile, openForReading, stateOf } from './file-reader.ts'
import type { FilePiece, PieceCut, PieceReading } from './save-jobs.ts'

/**
 * Reads a piece of a large file and gives out its chunks in order, each valid until the callback returns.
 *
 * @param piece - where it begins
 * @param chunker - whose memory it is read into
 * @param onCut - called when it is known where the piece ends: before any chunk is given out, so that another thread can go on from there
 * @param onChunk - called with each chunk
 * @throws the system's error where the file cannot be opened or read, ERR_VARVE_SOURCE where it is no regular file any more
 */
export function readPiece(
  piece: FilePiece,
  chunker: Chunker,
  onCut: (cut: PieceCut) => void,
  onChunk: (chunk: Uint8Array) => void,
): PieceReading {
  const fd = openForReading(piece.path)
  try {
    const before = fstatSync(fd, { bigint: true })
    if (!before.isFile()) throw notAFile()
    // What is appended meanwhile is noticed by its size afterwards.
    const fileSize = piece.fileSize ?? Number(before.size)
    const { chunks, length, ended } = cutPiece(chunker, fileSize - piece.offset, (room, position) =>
      readSync(fd, room, 0, room.length, piece.offset + position),
    )
    const after = fstatSync(fd, { bigint: true })
    onCut({ end: piece.offset + length, fileSize, ended })
    for (const chunk of chunks) onChunk(chunk)
    return { before: stateOf(before), after: stateOf(after) }
  } finally {
    closeSync(fd)
  }
}
