import type { Id } from '../repository/id.ts'
import type { PlannedPieces } from './planned-pieces.ts'

/** Bytes read at once, unless a single blob has more: small enough that all threads get to work. */
const LONGEST_READ = 2 << 20

/** Bytes between two blobs that are read along rather than read around. */
const LONGEST_GAP = 64 << 10

/** A range of a pack, and the pieces that it has. */
export interface PackRead {
  readonly pack: Id
  readonly offset: number
  readonly length: number
  /** In the order in which they lie in the pack. */
  readonly pieces: Uint32Array<ArrayBuffer>
}

/**
 * How to read all pieces of a range that are to be written: pack by pack in the order in which the files need the packs, so that files are written from
 * front to back as far as possible, and each range once.
 *
 * @param first - number of the first piece
 * @param end - number after that of the last piece
 */
export function* packReads(pieces: PlannedPieces, first: number, end: number): Generator<PackRead, void, undefined> {
  const { packs } = pieces
  const byPack = sortByPack(pieces, first, end)
  let start = 0
  for (const [number, pack] of packs.entries()) {
    let next = start
    while (next < byPack.length && pieces.packNumber(byPack[next] ?? 0) === number) next++
    if (next > start) yield* readsOf(pack, pieces, byPack.subarray(start, next))
    start = next
  }
}

function* readsOf(pack: Id, pieces: PlannedPieces, numbers: Uint32Array<ArrayBuffer>): Generator<PackRead> {
  numbers.sort((a, b) => pieces.packOffset(a) - pieces.packOffset(b) || a - b)
  let first = 0
  let offset = 0
  let end = 0
  for (const [i, piece] of numbers.entries()) {
    const pieceStart = pieces.packOffset(piece)
    const pieceEnd = pieceStart + pieces.packedLength(piece)
    if (i > first && (pieceStart > end + LONGEST_GAP || pieceEnd - offset > LONGEST_READ)) {
      yield { pack, offset, length: end - offset, pieces: numbers.slice(first, i) }
      first = i
    }
    if (i === first) {
      offset = pieceStart
      end = pieceEnd
    }
    end = Math.max(end, pieceEnd)
  }
  yield { pack, offset, length: end - offset, pieces: numbers.slice(first) }
}

/** The numbers of all pieces of a range that are to be written, those of a pack together (a counting sort). */
function sortByPack(pieces: PlannedPieces, first: number, end: number): Uint32Array<ArrayBuffer> {
  const starts = new Uint32Array(pieces.packs.length + 1)
  for (let piece = first; piece < end; piece++) {
    if (!pieces.isWanted(piece)) continue
    const next = pieces.packNumber(piece) + 1
    starts[next] = (starts[next] ?? 0) + 1
  }
  for (let pack = 1; pack < starts.length; pack++) starts[pack] = (starts[pack] ?? 0) + (starts[pack - 1] ?? 0)
  const sorted = new Uint32Array(starts.at(-1) ?? 0)
  for (let piece = first; piece < end; piece++) {
    if (!pieces.isWanted(piece)) continue
    const pack = pieces.packNumber(piece)
    const place = starts[pack] ?? 0
    starts[pack] = place + 1
    sorted[place] = piece
  }
  return sorted
}
