import type { BlockSums } from './signature.ts'

/** Blocks with the same weak sum that are told apart: more of them come only from somebody who wants the search to be slow. */
const GREATEST_CHAIN = 8

/**
 * Finds blocks by their weak sums: open addressing in typed arrays, at most half full. Of blocks that are the same the first is kept, of different ones with
 * the same weak sum the first eight.
 */
export class BlockTable {
  readonly #sums: BlockSums
  readonly #shift: number
  readonly #mask: number
  /** One more than the number of a block; 0 for a free place. */
  readonly #blocks: Uint32Array<ArrayBuffer>

  constructor(sums: BlockSums) {
    const bits = Math.max(4, Math.ceil(Math.log2(sums.blockCount + 1)) + 1)
    this.#sums = sums
    this.#shift = 32 - bits
    this.#mask = 2 ** bits - 1
    this.#blocks = new Uint32Array(2 ** bits)
    for (let block = 0; block < sums.blockCount; block++) this.#insert(block)
  }

  /** Whether any block has this weak sum. */
  hasWeak(weak: number): boolean {
    for (let place = this.#home(weak); ; place = (place + 1) & this.#mask) {
      const block = (this.#blocks[place] ?? 0) - 1
      if (block < 0) return false
      if (this.#sums.weak[block] === weak) return true
    }
  }

  /** The number of a block that has these sums; -1 where there is none. `strong` is the whole hash. */
  find(weak: number, strong: Uint8Array): number {
    for (let place = this.#home(weak); ; place = (place + 1) & this.#mask) {
      const block = (this.#blocks[place] ?? 0) - 1
      if (block < 0) return -1
      if (this.#sums.weak[block] === weak && hasStrong(this.#sums, block, strong)) return block
    }
  }

  #insert(block: number): void {
    const { weak, strong, parameters } = this.#sums
    const sum = weak[block] ?? 0
    const own = strong.subarray(block * parameters.strongLength, (block + 1) * parameters.strongLength)
    let chain = 0
    let place = this.#home(sum)
    for (; ; place = (place + 1) & this.#mask) {
      const other = (this.#blocks[place] ?? 0) - 1
      if (other < 0) break
      if (weak[other] !== sum) continue
      chain++
      if (chain === GREATEST_CHAIN || hasStrong(this.#sums, other, own)) return
    }
    this.#blocks[place] = block + 1
  }

  /** The higher bits of a sum times an odd constant: the lower bits of weak sums depend on the lower bits of bytes only. */
  #home(weak: number): number {
    return Math.imul(weak, 0x9e3779b1) >>> this.#shift
  }
}

/** Whether `strong`, or what is kept of it, is the strong hash of a block. */
export function hasStrong({ strong, parameters }: BlockSums, block: number, hash: Uint8Array): boolean {
  const start = block * parameters.strongLength
  for (let i = 0; i < parameters.strongLength; i++) if (strong[start + i] !== hash[i]) return false
  return true
}
