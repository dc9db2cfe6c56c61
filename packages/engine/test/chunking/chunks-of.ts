import type { Chunker } from '../../src/chunking/chunker.ts'

/**
 * The chunks of a stream, each valid until the next is asked for.
 *
 * @param read - fills its argument from the front with what comes next, as far as it likes; returns how many bytes, 0
 *   at the end
 */
export function* chunksOf(chunker: Chunker, read: (target: Uint8Array) => number): Generator<Uint8Array<ArrayBuffer>> {
  const { buffer, maxSize } = chunker
  let start = 0
  let end = 0
  for (let ended = false; ;) {
    while (!ended && end - start < maxSize) {
      if (end === buffer.length) {
        buffer.copyWithin(0, start, end)
        end -= start
        start = 0
      }
      const count = read(buffer.subarray(end))
      ended = count === 0
      end += count
    }
    if (start === end) return
    const cut = chunker.cut(start, end)
    yield buffer.subarray(start, cut)
    start = cut
  }
}

/** The sizes of the chunks of `bytes`, read `readSize` bytes at a time. */
export function chunkSizes(chunker: Chunker, bytes: Uint8Array, readSize = bytes.length): readonly number[] {
  let position = 0
  const chunks = chunksOf(chunker, (target) => {
    const piece = bytes.subarray(position, position + Math.min(readSize, target.length))
    target.set(piece)
    position += piece.length
    return piece.length
  })
  return Array.from(chunks, (chunk) => chunk.length)
}
