import { throwIfAborted } from '@varve/platform/errors'
import { BlockTable, hasStrong } from './block-table.ts'
import type { ByteReader } from './byte-stream.ts'
import type { CopyInstruction, DeltaInstruction } from './delta-instruction.ts'
import type { BlockSums } from './signature.ts'
import { strongHash } from './strong-hash.ts'
import { RABIN_KARP_MULTIPLIER, weakSum } from './weak-hash.ts'

/** Bytes that are read at once, at least. */
const PIECE = 1024 * 1024

/**
 * Finds the blocks of an old file wherever they are in a new one, in any order: rsync's algorithm (A. Tridgell, "Efficient Algorithms for Sorting and
 * Synchronization", 1999). Holds two blocks and a MiB of the new file. Neighbouring copies are one instruction.
 *
 * @param lastBlockSize - bytes of the last block
 */
export async function* findBlocks(
  sums: BlockSums,
  lastBlockSize: number,
  target: ByteReader,
  signal?: AbortSignal,
): AsyncGenerator<DeltaInstruction, void, undefined> {
  const { blockSize, weakHash, strongHash: kind } = sums.parameters
  const table = new BlockTable(sums)
  const buffer = new Uint8Array(2 * blockSize + PIECE)
  const removal = powerOfMultiplier(blockSize)
  let copy: CopyInstruction | undefined
  // from start to at lies what was not found, from at to end what is yet to be looked at
  let start = 0
  let at = 0
  let end = 0
  let ended = false
  let sum = 0
  let summed = false
  const last = sums.blockCount - 1

  for (;;) {
    if (end - at < blockSize && !ended) {
      throwIfAborted(signal)
      if (at > start) {
        if (copy !== undefined) yield copy
        copy = undefined
        yield { kind: 'literal', bytes: buffer.subarray(start, at) }
      }
      buffer.copyWithin(0, at, end)
      end -= at
      at = 0
      start = 0
      while (end < buffer.length && !ended) {
        const count = await target.read(buffer.subarray(end))
        if (count === 0) ended = true
        end += count
      }
    }
    if (end - at < blockSize) break
    if (!summed) sum = weakSum(weakHash, buffer.subarray(at, at + blockSize))
    let block = -1
    if (table.hasWeak(sum)) {
      const strong = strongHash(kind, buffer.subarray(at, at + blockSize))
      block = table.find(sum, strong)
      const expected = copy === undefined || at > start ? -1 : (copy.offset + copy.length) / blockSize
      if (expected >= 0 && expected < sums.blockCount && hasStrong(sums, expected, strong)) block = expected
    }
    if (block >= 0 && (block < last || lastBlockSize === blockSize)) {
      if (at > start) {
        if (copy !== undefined) yield copy
        copy = undefined
        yield { kind: 'literal', bytes: buffer.subarray(start, at) }
      }
      if (copy !== undefined && copy.offset + copy.length === block * blockSize) {
        copy = { kind: 'copy', offset: copy.offset, length: copy.length + blockSize }
      } else {
        if (copy !== undefined) yield copy
        copy = { kind: 'copy', offset: block * blockSize, length: blockSize }
      }
      at += blockSize
      start = at
      summed = false
      continue
    }
    if (end - at > blockSize && weakHash === 'rabin-karp') {
      const leaving = buffer[at] ?? 0
      const entering = buffer[at + blockSize] ?? 0
      sum =
        (Math.imul(sum, RABIN_KARP_MULTIPLIER) + entering - Math.imul(removal, leaving + RABIN_KARP_MULTIPLIER - 1)) >>>
        0
      summed = true
    } else summed = false
    at++
  }

  const tail = end - lastBlockSize
  if (last >= 0 && lastBlockSize < blockSize && tail >= start) {
    const bytes = buffer.subarray(tail, end)
    if (weakSum(weakHash, bytes) === sums.weak[last] && hasStrong(sums, last, strongHash(kind, bytes))) {
      if (tail > start) {
        if (copy !== undefined) yield copy
        copy = undefined
        yield { kind: 'literal', bytes: buffer.subarray(start, tail) }
      }
      if (copy !== undefined && copy.offset + copy.length === last * blockSize) {
        copy = { kind: 'copy', offset: copy.offset, length: copy.length + lastBlockSize }
      } else {
        if (copy !== undefined) yield copy
        copy = { kind: 'copy', offset: last * blockSize, length: lastBlockSize }
      }
      start = end
    }
  }
  if (copy !== undefined) yield copy
  if (end > start) yield { kind: 'literal', bytes: buffer.subarray(start, end) }
}

/** What a byte counts for that is `distance` bytes from the end of a window, and one more. */
function powerOfMultiplier(distance: number): number {
  let power = 1
  for (let i = 0; i < distance; i++) power = Math.imul(power, RABIN_KARP_MULTIPLIER)
  return power
}
