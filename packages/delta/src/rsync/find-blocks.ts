import { throwIfAborted } from '@varve/platform/errors'
import { BlockFinder } from './block-finder.ts'
import type { ByteReader } from './byte-stream.ts'
import type { DeltaInstruction } from './delta-instruction.ts'
import type { BlockSums } from './block-sums.ts'

/**
 * What to copy and what to add to make a new file out of an old one. See {@link BlockFinder}.
 *
 * @param sums - of the old file
 * @param lastBlockSize - bytes of its last block; undefined where nobody knows
 * @param target - the new file
 * @throws ERR_VARVE_ABORTED; what reading throws
 */
export async function* findBlocks(
  sums: BlockSums,
  lastBlockSize: number | undefined,
  target: ByteReader,
  signal?: AbortSignal,
): AsyncGenerator<DeltaInstruction, void, undefined> {
  using finder = new BlockFinder(sums, lastBlockSize)
  for (let ended = false; !ended;) {
    throwIfAborted(signal)
    // always the whole room, so that the delta does not depend on the pieces in which the target comes
    for (let room = finder.room(); room.length > 0 && !ended; room = finder.room()) {
      const count = await target.read(room)
      if (count === 0) ended = true
      finder.fed(count)
    }
    if (ended) finder.end()
    yield* finder.found()
  }
}
