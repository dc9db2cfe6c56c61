import { createHash } from 'node:crypto'
import { StreamReader, type ByteReader, type ByteStream } from './byte-stream.ts'
import {
  DELTA_CHECKSUM_LENGTH,
  encodeCopy,
  encodeDeltaHeader,
  encodeDeltaTrailer,
  encodeLiteralHead,
} from './delta-format.ts'
import { findBlocks } from './find-blocks.ts'
import type { Signature } from './signature.ts'

/** How to compute a delta. */
export interface DeltaOptions {
  readonly signal?: AbortSignal
}

/**
 * How to make `target` out of the file that `signature` is of, as the bytes of a delta. Streams: holds the signature, an index of it, and a few blocks of the
 * target. The target is read once.
 *
 * @param target - the new content, of any length
 * @throws ERR_VARVE_ABORTED; what the target throws
 */
export async function* computeDelta(
  signature: Signature,
  target: ByteStream,
  options: DeltaOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = new StreamReader(target)
  const whole = createHash('sha256')
  const checksum = createHash('sha256')
  let targetSize = 0
  const reader: ByteReader = {
    read: async (into) => {
      const count = await stream.read(into)
      whole.update(into.subarray(0, count))
      targetSize += count
      return count
    },
  }
  const { blockSize } = signature.parameters
  const lastBlockSize = signature.fileSize - Math.max(0, signature.blockCount - 1) * blockSize
  try {
    const header = encodeDeltaHeader(signature)
    checksum.update(header)
    yield header
    let copied = 0
    for await (const instruction of findBlocks(signature, lastBlockSize, reader, options.signal)) {
      const bytes =
        instruction.kind === 'copy'
          ? encodeCopy(instruction, copied)
          : Buffer.concat([encodeLiteralHead(instruction.bytes.length), instruction.bytes])
      if (instruction.kind === 'copy') copied = instruction.offset + instruction.length
      checksum.update(bytes)
      yield bytes
    }
    const trailer = encodeDeltaTrailer(targetSize, whole.digest())
    checksum.update(trailer)
    yield Buffer.concat([trailer, checksum.digest().subarray(0, DELTA_CHECKSUM_LENGTH)])
  } finally {
    await stream.close()
  }
}
