import { borrowBlockMemory, type BlockMemory } from './block-memory.ts'
import { BlockTable, hasStrong } from './block-table.ts'
import type { CopyInstruction, DeltaInstruction } from './delta-instruction.ts'
import type { BlockSums } from './block-sums.ts'

/** Bytes that are read at once, at least. */
const PIECE = 1024 * 1024

/**
 * Blocks that look right by their weak sums and are not, after which the search goes on a whole block further: honest files do not have so many within
 * one block, others must not make the search slow.
 */
const GREATEST_FALSE_ALARMS = 16

/**
 * Finds the blocks of an old file wherever they are in a new one, in any order: rsync's algorithm (A. Tridgell, "Efficient Algorithms for Sorting and
 * Synchronization", 1999). Put what comes next into `room()`, say how much it was, and take the instructions that `found()` has. Holds two blocks and a MiB
 * of the new file. Neighbouring copies are one instruction.
 */
export class BlockFinder implements Disposable {
  readonly #sums: BlockSums
  readonly #lastBlockSize: number | undefined
  readonly #memory: BlockMemory
  readonly #window: Uint8Array<ArrayBuffer>
  readonly #table: BlockTable
  /** From `#start` to `#at` lies what was not found, from `#at` to `#end` what is yet to be looked at. */
  #start = 0
  #at = 0
  #end = 0
  #ended = false
  #falseAlarms = 0
  /** What is not yet given out, as the next block may belong to it. */
  #copy: CopyInstruction | undefined

  /**
   * @param sums - of the old file
   * @param lastBlockSize - bytes of its last block; undefined where only the old file's owner knows
   */
  constructor(sums: BlockSums, lastBlockSize: number | undefined) {
    const windowSize = 2 * sums.parameters.blockSize + PIECE
    // the kernel reads one byte more than it is asked to search
    const tableAt = 4 * Math.ceil((windowSize + 1) / 4)
    this.#sums = sums
    this.#lastBlockSize = lastBlockSize
    this.#memory = borrowBlockMemory(tableAt + BlockTable.size(sums.blockCount))
    this.#window = this.#memory.bytes(0, windowSize)
    this.#table = new BlockTable(this.#memory, tableAt, sums)
  }

  /** Gives the memory back. */
  [Symbol.dispose](): void {
    this.#memory[Symbol.dispose]()
  }

  /** Where to put what comes next, as much as is there: never empty once all instructions were taken. Ends the life of literals given out before. */
  room(): Uint8Array<ArrayBuffer> {
    if (this.#at > 0) {
      this.#window.copyWithin(0, this.#at, this.#end)
      this.#end -= this.#at
      this.#at = 0
      this.#start = 0
    }
    return this.#window.subarray(this.#end)
  }

  /** Says that `count` bytes were put into the last `room()`. */
  fed(count: number): void {
    this.#end += count
  }

  /** Says that nothing more comes. */
  end(): void {
    this.#ended = true
  }

  /** The instructions for what is there, but for what may belong to a block whose end is not. All of them are to be taken before `room()` is asked for. */
  *found(): Generator<DeltaInstruction, void, undefined> {
    const { blockSize, weakHash, strongHash } = this.#sums.parameters
    const places = this.#table.places
    while (this.#end - this.#at >= blockSize) {
      const lastPlace = this.#end - blockSize
      const place = this.#memory.search(weakHash, this.#at, lastPlace, blockSize, places)
      if (place - this.#at >= blockSize) this.#falseAlarms = 0
      this.#at = place
      if (place > lastPlace) break
      const strong = this.#memory.strongHash(strongHash, place, place + blockSize)
      const block = this.#wholeBlock(this.#memory.foundSum(), strong)
      if (block >= 0) yield* this.#take(block, blockSize)
      else this.#passFalseAlarm(blockSize)
    }
    if (this.#ended) yield* this.#finish()
    else yield* this.#giveOut(this.#at)
  }

  *#finish(): Generator<DeltaInstruction, void, undefined> {
    const size = this.#lastBlockAtEnd()
    if (size > 0) {
      this.#at = this.#end - size
      yield* this.#take(this.#sums.blockCount - 1, size)
    }
    if (this.#start < this.#end) yield* this.#giveOut(this.#end)
    else if (this.#copy !== undefined) yield this.#copy
    this.#copy = undefined
  }

  /** A block with these sums, if possible the one after the last: copies of neighbours are one instruction. -1 where there is none. */
  #wholeBlock(weak: number, strong: Uint8Array): number {
    const { blockCount, parameters, weak: sums } = this.#sums
    const expected = this.#copy === undefined ? 0 : (this.#copy.offset + this.#copy.length) / parameters.blockSize
    const continues = sums[expected] === weak && hasStrong(this.#sums, expected, strong)
    const block = continues ? expected : this.#table.find(weak, strong)
    const isShorter = block === blockCount - 1 && (this.#lastBlockSize ?? parameters.blockSize) < parameters.blockSize
    return isShorter ? -1 : block
  }

  /** Takes over `size` bytes from `#at` as the given block. */
  *#take(block: number, size: number): Generator<DeltaInstruction, void, undefined> {
    yield* this.#giveOut(this.#at)
    const offset = block * this.#sums.parameters.blockSize
    const copy = this.#copy
    if (copy !== undefined && copy.offset + copy.length === offset) {
      this.#copy = { kind: 'copy', offset: copy.offset, length: copy.length + size }
    } else {
      if (copy !== undefined) yield copy
      this.#copy = { kind: 'copy', offset, length: size }
    }
    this.#at += size
    this.#start = this.#at
    this.#falseAlarms = 0
  }

  /** What was not found, up to `end`, and the copy before it. */
  *#giveOut(end: number): Generator<DeltaInstruction, void, undefined> {
    if (this.#start === end) return
    if (this.#copy !== undefined) yield this.#copy
    this.#copy = undefined
    yield { kind: 'literal', bytes: this.#window.subarray(this.#start, end) }
    this.#start = end
  }

  #passFalseAlarm(blockSize: number): void {
    this.#falseAlarms++
    if (this.#falseAlarms < GREATEST_FALSE_ALARMS) {
      this.#at++
      return
    }
    this.#falseAlarms = 0
    this.#at += blockSize
  }

  /** Bytes of the last block, which is shorter than the others, where the new file ends with it; 0 where it does not. */
  #lastBlockAtEnd(): number {
    const { blockCount, weak, parameters } = this.#sums
    const { blockSize, weakHash, strongHash } = parameters
    const sum = weak[blockCount - 1]
    const known = this.#lastBlockSize
    const open = this.#end - this.#start
    if (sum === undefined || known === blockSize || (known ?? 0) > open) return 0
    let size = known ?? Math.min(open, blockSize - 1)
    for (let alarms = 0; alarms < GREATEST_FALSE_ALARMS && size > 0; alarms++) {
      size = this.#memory.tailWithSum(weakHash, this.#end, size, sum)
      if (size === 0 || (known !== undefined && size < known)) return 0
      const strong = this.#memory.strongHash(strongHash, this.#end - size, this.#end)
      if (hasStrong(this.#sums, blockCount - 1, strong)) return size
      size--
    }
    return 0
  }
}
