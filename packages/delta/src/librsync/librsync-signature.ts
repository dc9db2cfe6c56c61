import { VarveError } from '@varve/platform/errors'
import { STRONG_HASH_LENGTH, type StrongHash, type WeakHash } from '../rsync/block-hashes.ts'
import { BLOCK_SIZE_OF_STREAMS, chooseBlockSize, GREATEST_BLOCK_SIZE, requireBlockSize } from '../rsync/block-size.ts'
import type { BlockSums } from '../rsync/block-sums.ts'
import { StreamReader, type ByteStream } from '../rsync/byte-stream.ts'
import { sumBlocks } from '../rsync/sum-blocks.ts'

/** What signatures begin with, for each pair of hashes. */
const MAGICS = [
  { magic: 0x72730136, weakHash: 'rollsum', strongHash: 'md4' },
  { magic: 0x72730137, weakHash: 'rollsum', strongHash: 'blake2b' },
  { magic: 0x72730146, weakHash: 'rabin-karp', strongHash: 'md4' },
  { magic: 0x72730147, weakHash: 'rabin-karp', strongHash: 'blake2b' },
] as const satisfies readonly { magic: number; weakHash: WeakHash; strongHash: StrongHash }[]

/** Bytes before the first block: magic, block size, length of strong hashes. */
const HEADER_LENGTH = 12

/** How to make a signature that `rdiff` reads. */
export interface LibrsyncSignatureOptions {
  /** Bytes of a block, from 1 to 16 MiB; by default as `expectedSize` suggests. */
  readonly blockSize?: number
  /** Bytes that the stream is going to have, as far as one knows. */
  readonly expectedSize?: number
  /** By default `rabin-karp`, which librsync reads since 2.2. */
  readonly weakHash?: WeakHash
  /** By default `blake2b`. MD4 is broken: only for programs that read nothing else. */
  readonly strongHash?: 'blake2b' | 'md4'
  /** Bytes that are kept of each strong hash; by default all. */
  readonly strongLength?: number
  readonly signal?: AbortSignal
}

/**
 * The sums of a stream's blocks as librsync makes them.
 *
 * @throws ERR_VARVE_BAD_ARGUMENT where an option makes no sense; ERR_VARVE_ABORTED; what the stream throws
 */
export async function computeLibrsyncSignature(
  source: ByteStream,
  options: LibrsyncSignatureOptions = {},
): Promise<BlockSums> {
  const { weakHash = 'rabin-karp', strongHash = 'blake2b', expectedSize, signal } = options
  const defaultBlockSize = expectedSize === undefined ? BLOCK_SIZE_OF_STREAMS : chooseBlockSize(expectedSize)
  const { blockSize = defaultBlockSize, strongLength = STRONG_HASH_LENGTH[strongHash] } = options
  requireBlockSize(blockSize)
  if (!isStrongLength(strongHash, strongLength)) {
    throw new VarveError('ERR_VARVE_BAD_ARGUMENT', `${strongHash} cannot be kept with ${strongLength} bytes`, {
      hint: `choose a whole number from 1 to ${STRONG_HASH_LENGTH[strongHash]}`,
    })
  }
  const reader = new StreamReader(source)
  try {
    return await sumBlocks(reader, { blockSize, weakHash, strongHash, strongLength }, () => undefined, signal)
  } finally {
    await reader.close()
  }
}

/** The bytes of a signature, as `rdiff delta` reads them. The sums are to be librsync's. */
export function encodeLibrsyncSignature({ parameters, blockCount, weak, strong }: BlockSums): Uint8Array {
  const { blockSize, weakHash, strongHash, strongLength } = parameters
  const kind = MAGICS.find((each) => each.weakHash === weakHash && each.strongHash === strongHash)
  if (kind === undefined) throw new Error(`librsync has no signatures of ${weakHash} and ${strongHash}`)
  const bytes = Buffer.alloc(HEADER_LENGTH + blockCount * (4 + strongLength))
  bytes.writeUInt32BE(kind.magic, 0)
  bytes.writeUInt32BE(blockSize, 4)
  bytes.writeUInt32BE(strongLength, 8)
  for (const [block, sum] of weak.entries()) {
    const at = HEADER_LENGTH + block * (4 + strongLength)
    bytes.writeUInt32BE(sum, at)
    bytes.set(strong.subarray(block * strongLength, (block + 1) * strongLength), at + 4)
  }
  return bytes
}

/**
 * The sums that `rdiff signature` has written. The format has no checksum, and does not say how long the file is.
 *
 * @throws ERR_VARVE_FORMAT where the bytes are no signature of librsync's; ERR_VARVE_DAMAGED where they are not as such a signature can be
 */
export function decodeLibrsyncSignature(bytes: Uint8Array): BlockSums {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const magic = bytes.length < 4 ? undefined : view.getUint32(0)
  const kind = MAGICS.find((each) => each.magic === magic)
  if (kind === undefined) {
    throw new VarveError('ERR_VARVE_FORMAT', 'this is no signature of librsync: it does not begin like one')
  }
  if (bytes.length < HEADER_LENGTH) throw damaged('it ends too early')
  const { weakHash, strongHash } = kind
  const blockSize = view.getUint32(4)
  const strongLength = view.getUint32(8)
  if (blockSize === 0 || blockSize > GREATEST_BLOCK_SIZE || !isStrongLength(strongHash, strongLength)) {
    throw damaged(`blocks of ${blockSize} bytes with hashes of ${strongLength} make no sense`)
  }
  const entryLength = 4 + strongLength
  const blockCount = (bytes.length - HEADER_LENGTH) / entryLength
  if (!Number.isInteger(blockCount)) throw damaged('it ends within a block')
  const weak = new Uint32Array(blockCount)
  const strong = new Uint8Array(blockCount * strongLength)
  for (let block = 0; block < blockCount; block++) {
    const at = HEADER_LENGTH + block * entryLength
    weak[block] = view.getUint32(at)
    strong.set(bytes.subarray(at + 4, at + entryLength), block * strongLength)
  }
  return { parameters: { blockSize, weakHash, strongHash, strongLength }, blockCount, weak, strong }
}

function isStrongLength(strongHash: StrongHash, length: number): boolean {
  return Number.isInteger(length) && length >= 1 && length <= STRONG_HASH_LENGTH[strongHash]
}

function damaged(what: string): VarveError {
  return new VarveError('ERR_VARVE_DAMAGED', `the signature is damaged: ${what}`)
}
