import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { VarveError, throwIfAborted } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import { BLOCK_SIZE_OF_STREAMS, chooseBlockSize, requireBlockSize } from './block-size.ts'
import { StreamReader, type ByteReader, type ByteStream } from './byte-stream.ts'
import { STRONG_HASH_LENGTH, strongHash, type StrongHash } from './strong-hash.ts'
import { weakSum, type WeakHash } from './weak-hash.ts'

/** Bytes that are read at once, at least. */
const PIECE = 1024 * 1024

/** How a file is cut into blocks, and what is kept of each. */
export interface SignatureParameters {
  /** Bytes of each block but the last, which may have fewer. */
  readonly blockSize: number
  readonly weakHash: WeakHash
  readonly strongHash: StrongHash
  /** Bytes that are kept of each strong hash. */
  readonly strongLength: number
}

/** What is kept of a file's blocks: enough to find them anywhere in another file. */
export interface BlockSums {
  readonly parameters: SignatureParameters
  readonly blockCount: number
  /** One weak sum a block. */
  readonly weak: Uint32Array<ArrayBuffer>
  /** `strongLength` bytes a block. */
  readonly strong: Uint8Array<ArrayBuffer>
}

/** What a delta is computed against in place of the file itself: the sums of its blocks, its length and its hash. */
export interface Signature extends BlockSums {
  /** Bytes of the file. */
  readonly fileSize: number
  /** SHA-256 of the whole file, 32 bytes. */
  readonly digest: Uint8Array<ArrayBuffer>
}

/** How to make a signature. */
export interface SignatureOptions {
  /** Bytes of a block, from 1 to 16 MiB; by default as the size of the file suggests, see {@link chooseBlockSize}. */
  readonly blockSize?: number
  /** Bytes that are kept of each block's SHA-256, from 8 to 32; by default 32. Fewer make signatures smaller, deltas stay the same. */
  readonly strongLength?: number
  readonly signal?: AbortSignal
}

/** Bytes of a strong hash below which chance alone could take one block for another. */
export const LEAST_STRONG_LENGTH = 8

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
  await using file = await open(toFsPath(path))
  const blockSize = options.blockSize ?? chooseBlockSize((await file.stat()).size)
  return await signatureOf(
    { read: async (target) => (await file.read(target, 0, target.length, null)).bytesRead },
    blockSize,
    options,
  )
}

async function signatureOf(reader: ByteReader, blockSize: number, options: SignatureOptions): Promise<Signature> {
  const { strongLength = STRONG_HASH_LENGTH.sha256, signal } = options
  requireBlockSize(blockSize)
  requireStrongLength(strongLength)
  const whole = createHash('sha256')
  const sums = new GrowingSums(blockSize, strongLength)
  const buffer = new Uint8Array(Math.max(1, Math.ceil(PIECE / blockSize)) * blockSize)
  let fileSize = 0
  for (;;) {
    throwIfAborted(signal)
    const filled = await fill(reader, buffer)
    whole.update(buffer.subarray(0, filled))
    for (let at = 0; at < filled; at += blockSize) sums.add(buffer.subarray(at, Math.min(filled, at + blockSize)))
    fileSize += filled
    if (filled < buffer.length) break
  }
  return { ...sums.take(), fileSize, digest: Uint8Array.from(whole.digest()) }
}

/** Reads until `target` is full or nothing is left; returns the number of bytes. */
async function fill(reader: ByteReader, target: Uint8Array): Promise<number> {
  let filled = 0
  while (filled < target.length) {
    const count = await reader.read(target.subarray(filled))
    if (count === 0) break
    filled += count
  }
  return filled
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

/** The sums of blocks whose number is not known before. */
class GrowingSums {
  readonly #parameters: SignatureParameters
  #blockCount = 0
  #weak = new Uint32Array(16)
  #strong: Uint8Array<ArrayBuffer>

  constructor(blockSize: number, strongLength: number) {
    this.#parameters = { blockSize, weakHash: 'rabin-karp', strongHash: 'sha256', strongLength }
    this.#strong = new Uint8Array(16 * strongLength)
  }

  add(block: Uint8Array): void {
    const { weakHash, strongHash: kind, strongLength } = this.#parameters
    if (this.#blockCount === this.#weak.length) this.#grow()
    this.#weak[this.#blockCount] = weakSum(weakHash, block)
    this.#strong.set(strongHash(kind, block).subarray(0, strongLength), this.#blockCount * strongLength)
    this.#blockCount++
  }

  take(): BlockSums {
    const { strongLength } = this.#parameters
    return {
      parameters: this.#parameters,
      blockCount: this.#blockCount,
      weak: this.#weak.slice(0, this.#blockCount),
      strong: this.#strong.slice(0, this.#blockCount * strongLength),
    }
  }

  #grow(): void {
    const weak = new Uint32Array(2 * this.#weak.length)
    weak.set(this.#weak)
    const strong = new Uint8Array(2 * this.#strong.length)
    strong.set(this.#strong)
    this.#weak = weak
    this.#strong = strong
  }
}
