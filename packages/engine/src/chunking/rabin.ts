import type { Chunker } from './chunker.ts'
import { RabinKernel } from './rabin-kernel.ts'

const KIB = 1024
const MIB = 1024 * KIB

const MIN_SIZE = 512 * KIB
const MAX_SIZE = 8 * MIB

/**
 * Three of the largest chunks. Up to one of them waits unscanned when the caller reads on, and has to be moved to the
 * front; with two, as many bytes could be moved as are read, with three at most half as many. Every saving thread has
 * one such buffer.
 */
const BUFFER_SIZE = 3 * MAX_SIZE

/**
 * Cuts where the content says so, so that what is inserted or removed changes the chunks around it only. Chunks have
 * from 512 KiB to 8 MiB, 1.5 MiB on average. For the same polynomial the cuts are those of restic.
 */
export class RabinChunker implements Chunker {
  readonly minSize = MIN_SIZE
  readonly maxSize = MAX_SIZE
  readonly buffer: Uint8Array<ArrayBuffer>
  readonly #kernel: RabinKernel

  /**
   * @param polynomial - irreducible, of degree 53, see `randomIrreducible`
   * @throws ERR_VARVE_BAD_ARGUMENT where the polynomial has another degree
   */
  constructor(polynomial: bigint) {
    this.#kernel = new RabinKernel(polynomial, BUFFER_SIZE)
    this.buffer = this.#kernel.buffer
  }

  /** See {@link Chunker.cut}. Nothing is read of a chunk's first 512 KiB but the last 64 bytes. */
  cut(start: number, end: number): number {
    const first = start + MIN_SIZE
    if (end <= first) return end
    return this.#kernel.firstCandidate(first, Math.min(end, start + MAX_SIZE))
  }
}
