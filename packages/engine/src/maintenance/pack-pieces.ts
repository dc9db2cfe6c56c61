import type { PackedBlob } from '../repository/blob.ts'
import type { PackedBlobs } from '../repository/packed-blobs.ts'

/** Bytes from which on a piece is long enough to be read and handed to a thread on its own. */
const PIECE_SIZE = 1024 * 1024

/** A range of a pack and the blobs that lie in it, by their numbers: `from` up to `to`. */
export interface WholePiece {
  readonly offset: number
  readonly length: number
  readonly from: number
  readonly to: number
}

/**
 * Cuts a pack into pieces that follow each other without a gap and cut no blob, so that it can be read without having all of it in memory.
 *
 * @param size - bytes of the pack
 * @param blobs - what the index says is in it, which need not be true: blobs that would lie beyond the end are in the last piece
 */
export function wholePieces(size: number, blobs: PackedBlobs): readonly WholePiece[] {
  const pieces: WholePiece[] = []
  let start = 0
  let end = 0
  let from = 0
  for (let at = 0; at < blobs.count; at++) {
    const offset = blobs.offset(at)
    if (offset >= end && offset - start >= PIECE_SIZE && offset < size) {
      pieces.push({ offset: start, length: offset - start, from, to: at })
      start = offset
      from = at
    }
    end = Math.max(end, offset + blobs.length(at))
  }
  pieces.push({ offset: start, length: size - start, from, to: blobs.count })
  return pieces
}

/** A range of a pack and the blobs that are wanted of it. */
export interface WantedPiece {
  readonly offset: number
  readonly length: number
  /** In the order in which they lie there. */
  readonly blobs: readonly PackedBlob[]
}

/** Bytes that are read though nobody wants them, rather than to read twice. */
const READ_OVER = 256 * 1024

/** The pieces of a pack that hold some blobs, with as little between them as is worth while. */
export function wantedPieces(blobs: readonly PackedBlob[]): readonly WantedPiece[] {
  const pieces: WantedPiece[] = []
  let inside: PackedBlob[] = []
  let start = 0
  let end = 0
  const close = (): void => {
    if (inside.length > 0) pieces.push({ offset: start, length: end - start, blobs: inside })
    inside = []
  }
  for (const blob of blobs.toSorted((a, b) => a.offset - b.offset)) {
    if (blob.offset - end > READ_OVER || (blob.offset >= end && end - start >= PIECE_SIZE)) close()
    if (inside.length === 0) start = blob.offset
    inside.push(blob)
    end = Math.max(end, blob.offset + blob.length)
  }
  close()
  return pieces
}
