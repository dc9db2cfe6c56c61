import { createHash } from 'node:crypto'
import { VarveError } from '@varve/platform/errors'
import { STRONG_HASH_LENGTH } from './block-hashes.ts'
import { BLOCK_SIZE_OF_STREAMS, chooseBlockSize, requireBlockSize } from './block-size.ts'
import { StreamReader, type ByteReader, type ByteStream } from './byte-stream.ts'
import { openReader } from './file-reader.ts'
import type { BlockSums } from './block-sums.ts'
import { sumBlocks } from './sum-blocks.ts'

/** What a delta is computed against in place of the file itself: the sums of its blocks, its length and its hash. */
export interface Signature extends BlockSums {
  /** Bytes of the file. */
  readonly fileSize: number
  /** SHA-256 of the whole file, 32 bytes. */
  readonly digest: Uint8Array<ArrayBuffer>
}

/** Bytes of a strong hash below which chance alone could take one block for another. */
export const LEAST_STRONG_LENGTH = 8

/** How to make a signature. */
export interface SignatureOptions {
  /** Bytes of a block, from 1 to 16 MiB; by default as the size of the file suggests, see `chooseBlockSize`. */
  readonly blockSize?: number
  /** Bytes that are kept of each block's SHA-256, from 8 to 32; by default 32. Fewer make signatures smaller, deltas stay the same. */
  readonly strongLength?: number
  readonly signal?: AbortSignal
}

/**
 * The signature of a stream, which is read once.
 *
 * @param options - `expectedSize`: bytes that the stream is going to have, as far as one knows: it decides how long the blocks are, nothing else
 * @throws ERR_VARVE_BAD_ARGUMENT where block size or length of the strong hash make no sense; ERR_VARVE_ABORTED; what the stream throws
 */
export async function computeSignature(
  source: ByteStream,
  options: SignatureOptions & { readonly expectedSize?: number } = {},
): Promise<Signature> {
  const { expectedSize, blockSize } = options
  const reader = new StreamReader(source)
  try {
    return await signatureOf(
      reader,
      blockSize ?? (expectedSize === undefined ? BLOCK_SIZE_OF_STREAMS : chooseBlockSize(expectedSize)),
      options,
    )
  } finally {
    await reader.close()
  }
}

/**
 * The signature of the file at `path`. What changes while it is read may be in the signature or not: whoever shares a file with others compares its
 * times and size before and after.
 *
 * @param path - may hold lone surrogates for bytes that are not UTF-8
 * @throws ERR_VARVE_BAD_ARGUMENT as in {@link computeSignature}; ERR_VARVE_ABORTED; the system's errors where the file cannot be read
 */
export async function signatureOfFile(path: string, options: SignatureOptions = {}): Promise<Signature> {
  using file = openReader(path)
  return await signatureOf(file, options.blockSize ?? chooseBlockSize(file.size), options)
}

async function signatureOf(reader: ByteReader, blockSize: number, options: SignatureOptions): Promise<Signature> {
  const { strongLength = STRONG_HASH_LENGTH.sha256, signal } = options
  requireBlockSize(blockSize)
  requireStrongLength(strongLength)
  const whole = createHash('sha256')
  let fileSize = 0
  const sums = await sumBlocks(
    reader,
    { blockSize, weakHash: 'rabin-karp', strongHash: 'sha256', strongLength },
    (piece) => {
      whole.update(piece)
      fileSize += piece.length
    },
    signal,
  )
  return { ...sums, fileSize, digest: Uint8Array.from(whole.digest()) }
}

/**
 * Refuses lengths of strong hashes that would be unsafe or cannot be.
 *
 * @throws ERR_VARVE_BAD_ARGUMENT
 */
function requireStrongLength(strongLength: number): void {
  const greatest = STRONG_HASH_LENGTH.sha256
  if (Number.isInteger(strongLength) && strongLength >= LEAST_STRONG_LENGTH && strongLength <= greatest) return
  throw new VarveError('ERR_VARVE_BAD_ARGUMENT', `strong hashes cannot be kept with ${strongLength} bytes`, {
    hint: `choose a whole number from ${LEAST_STRONG_LENGTH} to ${greatest}`,
  })
}
