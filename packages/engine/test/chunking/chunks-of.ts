import { ChunkStream } from '../../src/chunking/chunk-stream.ts'
import type { Chunker } from '../../src/chunking/chunker.ts'

/**
 * The chunks of a stream, each valid until the next is asked for.
 *
 * @param read - fills its argument from the front with what comes next, as far as it likes; returns how many bytes, 0
 *   at the end
 */
export function* chunksOf(chunker: Chunker, read: (target: Uint8Array) => number): Generator<Uint8Array<ArrayBuffer>> {
  const stream = new ChunkStream(chunker)
  for (;;) {
    for (let chunk = stream.next(); chunk !== undefined; chunk = stream.next()) yield chunk
    const room = stream.room()
    const count = read(room)
    stream.fed(count)
    if (count > 0) continue
    stream.end()
    for (let last = stream.next(); last !== undefined; last = stream.next()) yield last
    return
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
