import type { Chunker } from './chunker.ts'
import { RabinKernel } from './rabin-kernel.ts'

const KIB = 1024
const MIB = 1024 * KIB

const MIN_SIZE = 512 * KIB
const MAX_SIZE = 8 * MIB

/** Room for the largest chunk and a little more, so that what is moved to the front of the buffer is seldom much. */
const BUFFER_SIZE = MAX_SIZE + 2 * MIB

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
  cut(start: number, end: number, searched = start): number {
    const from = Math.max(start + MIN_SIZE, searched)
    const to = Math.min(end, start + MAX_SIZE)
    return to <= from ? to : this.#kernel.firstCandidate(from, to)
  }
}
