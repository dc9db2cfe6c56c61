import { VarveError } from '@varve/platform/errors'
import type { Chunker } from './chunker.ts'

const MIB = 1024 * 1024

/** Bytes beyond which a fixed chunk makes no sense: a chunk is held in memory whole, several times over. */
const GREATEST_SIZE = 64 * MIB

/** Bytes of the buffer for small chunks, so that a read fetches many of them at once. */
const LEAST_BUFFER_SIZE = 4 * MIB

/** Cuts every so many bytes: for disk images and databases, whose content stays where it is. */
export class FixedChunker implements Chunker {
  readonly minSize: number
  readonly maxSize: number
  readonly buffer: Uint8Array<ArrayBuffer>

  /**
   * @param size - bytes of a chunk, from 1 to 64 MiB
   * @throws ERR_VARVE_BAD_ARGUMENT for any other size
   */
  constructor(size: number) {
    if (!Number.isInteger(size) || size < 1 || size > GREATEST_SIZE) {
      throw new VarveError('ERR_VARVE_BAD_ARGUMENT', `chunks cannot have ${size} bytes`, {
        hint: `choose a whole number from 1 to ${GREATEST_SIZE}`,
      })
    }
    this.minSize = size
    this.maxSize = size
    this.buffer = new Uint8Array(Math.max(2 * size, LEAST_BUFFER_SIZE))
  }

  /** See {@link Chunker.cut}. */
  cut(start: number, end: number): number {
    return Math.min(end, start + this.maxSize)
  }
}
