import type { Chunker } from './chunker.ts'

/** Bytes that are asked for at once: enough that calls cost little, few enough to be in the processor's cache when they are hashed. */
const PIECE = 1024 * 1024

/**
 * Cuts one stream after another into chunks, in the chunker's own memory: put what comes next into `room()`, say how much it was,
 * and take the chunks that `next()` finds.
 */
export class ChunkStream {
  readonly #chunker: Chunker
  /** The bytes that are not yet part of a chunk lie from `#start` to `#end`; up to `#searched` there is no cut. */
  #start = 0
  #searched = 0
  #end = 0
  #ended = false

  constructor(chunker: Chunker) {
    this.#chunker = chunker
  }

  /** Forgets what is there and starts with another stream. */
  restart(): void {
    this.#start = 0
    this.#searched = 0
    this.#end = 0
    this.#ended = false
  }

  /** Where to put what comes next, as much as is there: never empty as long as `next` has been asked for all chunks. Ends the life of chunks given out before. */
  room(): Uint8Array<ArrayBuffer> {
    const { buffer } = this.#chunker
    if (this.#start === this.#end) this.#move(0)
    else if (buffer.length - this.#end < PIECE && this.#start > 0) {
      buffer.copyWithin(0, this.#start, this.#end)
      this.#move(this.#end - this.#start)
    }
    return buffer.subarray(this.#end, Math.min(buffer.length, this.#end + PIECE))
  }

  /** Says that `count` bytes were put into the last `room()`. */
  fed(count: number): void {
    this.#end += count
  }

  /** Says that nothing more comes. */
  end(): void {
    this.#ended = true
  }

  /** The next chunk, which lasts until `room()` is asked for; undefined where more must come first, or nothing is left. */
  next(): Uint8Array<ArrayBuffer> | undefined {
    const { buffer, maxSize } = this.#chunker
    if (this.#start === this.#end) return undefined
    const limit = Math.min(this.#end, this.#start + maxSize)
    const cut = this.#chunker.cut(this.#start, limit, this.#searched)
    if (cut === limit && limit - this.#start < maxSize && !this.#ended) {
      this.#searched = limit
      return undefined
    }
    const chunk = buffer.subarray(this.#start, cut)
    this.#start = cut
    this.#searched = cut
    return chunk
  }

  /** The open bytes have been moved to the front. */
  #move(end: number): void {
    this.#searched -= this.#start
    this.#start = 0
    this.#end = end
    this.#searched = Math.max(0, Math.min(this.#searched, end))
  }
}
