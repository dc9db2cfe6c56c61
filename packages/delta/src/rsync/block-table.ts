import type { BlockMemory, TablePlaces } from './block-memory.ts'
import type { BlockSums } from './block-sums.ts'

/** Places that are looked at from where a block should be; the kernel has the same number. Honest sums are hardly ever further away. */
const GREATEST_DISTANCE = 64

/** Spreads sums over a table: an odd constant near 2³² divided by the golden ratio. The kernel has the same. */
const SPREAD = 0x9e3779b1

/** Bits of the filter for each block, at least: one sum in sixteen that belongs to no block passes. */
const FILTER_BITS = 4

/**
 * Finds blocks by their weak sums, in the kernels' memory: open addressing, at most half full. Of blocks that are the same the first is kept. Whatever the sums
 * are, filling it takes time with the number of blocks, and looking a sum up takes no more than 64 looks: of blocks that somebody made to crowd in one
 * place, not all are found.
 */
export class BlockTable {
  readonly places: TablePlaces
  readonly #sums: BlockSums
  readonly #mask: number
  /** One more than the number of a block; 0 for a free place. */
  readonly #blocks: Uint32Array<ArrayBuffer>

  /** Bytes that a table of so many blocks takes. */
  static size(blockCount: number): number {
    return 2 ** (tableBits(blockCount) + FILTER_BITS - 3) + 4 * 2 ** tableBits(blockCount) + 4 * blockCount
  }

  /**
   * @param memory - where the table is to be
   * @param at - from where on in it, a multiple of four
   * @param sums - the blocks to be found
   */
  constructor(memory: BlockMemory, at: number, sums: BlockSums) {
    const bits = tableBits(sums.blockCount)
    const filterSize = 2 ** (bits + FILTER_BITS - 3)
    const table = at + filterSize
    const weak = table + 4 * 2 ** bits
    this.places = { filter: at, filterShift: 32 - bits - FILTER_BITS, table, tableShift: 32 - bits, weak }
    this.#sums = sums
    this.#mask = 2 ** bits - 1
    this.#blocks = memory.words(table, 2 ** bits).fill(0)
    memory.words(weak, sums.blockCount).set(sums.weak)
    const filter = memory.bytes(at, filterSize).fill(0)
    for (const [block, sum] of sums.weak.entries()) {
      if (!this.#insert(block, sum)) continue
      const bit = Math.imul(sum, SPREAD) >>> this.places.filterShift
      filter[bit >>> 3] = (filter[bit >>> 3] ?? 0) | (1 << (bit & 7))
    }
  }

  /** The number of a block that has these sums; -1 where there is none. `strong` is the whole hash. */
  find(weak: number, strong: Uint8Array): number {
    const home = this.#home(weak)
    for (let distance = 0; distance < GREATEST_DISTANCE; distance++) {
      const block = (this.#blocks[(home + distance) & this.#mask] ?? 0) - 1
      if (block < 0) return -1
      if (this.#sums.weak[block] === weak && hasStrong(this.#sums, block, strong)) return block
    }
    return -1
  }

  #insert(block: number, sum: number): boolean {
    const { weak, strong, parameters } = this.#sums
    const own = strong.subarray(block * parameters.strongLength, (block + 1) * parameters.strongLength)
    const home = this.#home(sum)
    for (let distance = 0; distance < GREATEST_DISTANCE; distance++) {
      const place = (home + distance) & this.#mask
      const other = (this.#blocks[place] ?? 0) - 1
      if (other < 0) {
        this.#blocks[place] = block + 1
        return true
      }
      if (weak[other] === sum && hasStrong(this.#sums, other, own)) return false
    }
    return false
  }

  #home(weak: number): number {
    return Math.imul(weak, SPREAD) >>> this.places.tableShift
  }
}

/** Whether what is kept of a block's strong hash is the beginning of `hash`. */
export function hasStrong({ strong, parameters }: BlockSums, block: number, hash: Uint8Array): boolean {
  const start = block * parameters.strongLength
  for (let i = 0; i < parameters.strongLength; i++) if (strong[start + i] !== hash[i]) return false
  return true
}

/** The number of places is a power of two, so that a spread sum's highest bits are one. */
function tableBits(blockCount: number): number {
  return Math.max(4, Math.ceil(Math.log2(blockCount + 1)) + 1)
}
