/** Holes lie on blocks of this size; most file systems have no smaller ones. */
const BLOCK = 4096

/** Zeros shorter than this are written: a hole costs the file system some bookkeeping. */
const SHORTEST_HOLE = 16 * 1024

const ZEROS = Buffer.alloc(BLOCK)

/** A range of bytes that has to be written. */
export interface ContentRun {
  readonly start: number
  readonly end: number
}

/**
 * The parts of some content that are to be written into a file that is all hole: everything but runs of at least 16 KiB of zeros.
 *
 * @param content - the bytes
 * @param offset - where in the file they go
 */
export function contentRuns(content: Uint8Array, offset: number): Iterable<ContentRun> {
  return content.length > 0 && content.length < SHORTEST_HOLE
    ? [{ start: 0, end: content.length }]
    : runsBetweenHoles(content, offset)
}

function* runsBetweenHoles(content: Uint8Array, offset: number): Generator<ContentRun, void, undefined> {
  let start = 0
  let zeros = 0
  let position = 0
  while (position < content.length) {
    const end = Math.min(content.length, position + BLOCK - ((offset + position) % BLOCK))
    if (isZero(content, position, end)) {
      zeros += end - position
    } else {
      if (zeros >= SHORTEST_HOLE) {
        if (position - zeros > start) yield { start, end: position - zeros }
        start = position
      }
      zeros = 0
    }
    position = end
  }
  const end = zeros >= SHORTEST_HOLE ? position - zeros : position
  if (end > start) yield { start, end }
}

function isZero(content: Uint8Array, start: number, end: number): boolean {
  // Most blocks that are not all zeros show it at one of their ends.
  if (content[start] !== 0 || content[end - 1] !== 0) return false
  return ZEROS.compare(content, start, end, 0, end - start) === 0
}
