import { VarveError } from '@varve/platform/errors'

/** Bytes of the smallest block that is chosen; smaller ones can be asked for. */
const SMALLEST_CHOSEN = 512

/** Bytes of the greatest block that is chosen or accepted: a few of them are held in memory. */
export const GREATEST_BLOCK_SIZE = 16 * 1024 * 1024

/** Bytes of a block where nobody knows how long the file is going to be: the choice for 256 MiB. */
export const BLOCK_SIZE_OF_STREAMS = 16 * 1024

/**
 * The size of the blocks in which a file of `fileSize` bytes is compared: about its square root, so that signature and delta both grow
 * with the square root of the file; at least 512 bytes and at most 16 MiB, a multiple of 128. The same size always gets the same answer.
 *
 * @param fileSize - bytes of the old file
 */
export function chooseBlockSize(fileSize: number): number {
  const root = Math.floor(Math.sqrt(fileSize))
  return Math.min(Math.max(root - (root % 128), SMALLEST_CHOSEN), GREATEST_BLOCK_SIZE)
}

/**
 * Refuses block sizes that no signature can have.
 *
 * @throws ERR_VARVE_BAD_ARGUMENT unless `blockSize` is a whole number from 1 to 16 MiB
 */
export function requireBlockSize(blockSize: number): void {
  if (Number.isInteger(blockSize) && blockSize >= 1 && blockSize <= GREATEST_BLOCK_SIZE) return
  throw new VarveError('ERR_VARVE_BAD_ARGUMENT', `blocks cannot have ${blockSize} bytes`, {
    hint: `choose a whole number from 1 to ${GREATEST_BLOCK_SIZE}`,
  })
}
