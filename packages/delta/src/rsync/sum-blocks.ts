import { throwIfAborted } from '@varve/platform/errors'
import { borrowBlockMemory, type BlockMemory } from './block-memory.ts'
import type { ByteReader } from './byte-stream.ts'
import type { BlockSums, SignatureParameters } from './block-sums.ts'

/** Bytes that are read at once, at least. */
const PIECE = 1024 * 1024

/**
 * The sums of a stream's blocks. While a piece is summed the next one is read.
 *
 * @param parameters - as they have been checked
 * @param seen - is given each piece, which lasts until the call returns
 * @throws ERR_VARVE_ABORTED; what reading throws
 */
export async function sumBlocks(
  reader: ByteReader,
  parameters: SignatureParameters,
  seen: (piece: Uint8Array) => void,
  signal?: AbortSignal,
): Promise<BlockSums> {
  const { blockSize } = parameters
  const pieceSize = Math.max(1, Math.ceil(PIECE / blockSize)) * blockSize
  using memory = borrowBlockMemory(2 * pieceSize)
  const sums = new GrowingSums(parameters, memory)
  let here = 0
  let filled = await fill(reader, memory.bytes(here, pieceSize))
  for (;;) {
    throwIfAborted(signal)
    const there = pieceSize - here
    const next = filled < pieceSize ? Promise.resolve(0) : fill(reader, memory.bytes(there, pieceSize))
    // whatever happens meanwhile, the memory is not given back while something is read into it
    const settled = next.catch(() => 0)
    try {
      seen(memory.bytes(here, filled))
      for (let at = 0; at < filled; at += blockSize) sums.add(here + at, here + Math.min(filled, at + blockSize))
    } finally {
      await settled
    }
    if (filled < pieceSize) return sums.take()
    filled = await next
    here = there
  }
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

/** The sums of blocks whose number is not known before. */
class GrowingSums {
  readonly #parameters: SignatureParameters
  readonly #memory: BlockMemory
  #blockCount = 0
  #weak = new Uint32Array(16)
  #strong: Uint8Array<ArrayBuffer>

  constructor(parameters: SignatureParameters, memory: BlockMemory) {
    this.#parameters = parameters
    this.#memory = memory
    this.#strong = new Uint8Array(16 * parameters.strongLength)
  }

  /** Adds the block in the memory from `from` up to `to`. */
  add(from: number, to: number): void {
    const { weakHash, strongHash, strongLength } = this.#parameters
    if (this.#blockCount === this.#weak.length) this.#grow()
    this.#weak[this.#blockCount] = this.#memory.weakSum(weakHash, from, to)
    const strong = this.#memory.strongHash(strongHash, from, to)
    this.#strong.set(strong.subarray(0, strongLength), this.#blockCount * strongLength)
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
