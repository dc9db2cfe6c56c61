import type { BlockSums } from '../rsync/block-sums.ts'
import { StreamReader, type ByteStream } from '../rsync/byte-stream.ts'
import type { DeltaOptions } from '../rsync/delta.ts'
import { findBlocks } from '../rsync/find-blocks.ts'
import { encodeLibrsyncCopy, encodeLibrsyncLiteralHead, END, LIBRSYNC_DELTA_MAGIC } from './librsync-commands.ts'

/**
 * How to make `target` out of the file whose blocks have these sums, in the format that `rdiff patch` reads. The format holds no hash of either file, so that
 * nothing tells whether it is applied to the right one: `computeDelta` has one that does.
 *
 * @param sums - of the old file; a signature of any kind will do
 * @param target - the new content, which is read once
 * @throws ERR_VARVE_ABORTED; what the target throws
 */
export async function* computeLibrsyncDelta(
  sums: BlockSums,
  target: ByteStream,
  options: DeltaOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = new StreamReader(target)
  try {
    const magic = Buffer.alloc(4)
    magic.writeUInt32BE(LIBRSYNC_DELTA_MAGIC)
    yield magic
    for await (const instruction of findBlocks(sums, undefined, stream, options.signal)) {
      yield instruction.kind === 'copy'
        ? encodeLibrsyncCopy(instruction)
        : Buffer.concat([encodeLibrsyncLiteralHead(instruction.bytes.length), instruction.bytes])
    }
    yield Uint8Array.of(END)
  } finally {
    await stream.close()
  }
}
