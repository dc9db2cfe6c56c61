import type { Chunker } from './chunker.ts'

/** Bytes that are asked for at once. What is read beyond the last cut is read again, with the next piece. */
const READ_SIZE = 512 * 1024

/** A piece of a long stream, from one cut to another. */
export interface CutPiece {
  /** In order and without gaps; they last as long as nobody else uses the chunker. */
  readonly chunks: readonly Uint8Array<ArrayBuffer>[]
  /** Bytes of all of them. */
  readonly length: number
  /** Whether the stream ends with this piece. */
  readonly ended: boolean
}

/**
 * Cuts as many chunks as surely fit into the chunker's memory together, one at least unless nothing is left. As cuts depend on nothing before
 * the last one, who knows where a piece ends can go on from there, in another thread, before the chunks of this one have been dealt with.
 *
 * @param remaining - bytes that the stream still has, at most
 * @param read - reads what comes next into the memory given, and returns how many bytes that was; 0 at the end of the stream
 */
export function cutPiece(
  chunker: Chunker,
  remaining: number,
  read: (room: Uint8Array<ArrayBuffer>, position: number) => number,
): CutPiece {
  const { buffer, maxSize } = chunker
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let start = 0
  let searched = 0
  let end = 0
  let ended = remaining === 0
  for (;;) {
    const limit = Math.min(end, start + maxSize)
    const cut = limit > start ? chunker.cut(start, limit, searched) : limit
    if (cut > start && (cut < limit || limit - start === maxSize || ended)) {
      chunks.push(buffer.subarray(start, cut))
      start = cut
      searched = cut
      if (start + maxSize + READ_SIZE > buffer.length) break
    } else if (ended) {
      break
    } else {
      searched = Math.max(searched, limit)
      const room = buffer.subarray(end, Math.min(end + READ_SIZE, remaining))
      const count = read(room, end)
      end += count
      ended = count === 0 || end === remaining
    }
  }
  return { chunks, length: start, ended: ended && start === end }
}
