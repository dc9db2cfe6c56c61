import { hash } from 'node:crypto'
import { createMemory, instantiateKernel, type WasmMemory } from '@varve/platform/web-assembly'
import { kernelUrl } from '../kernels/kernel-url.ts'
import { STRONG_HASH_LENGTH, type StrongHash, type WeakHash } from './block-hashes.ts'

/** Bytes of memories that are kept for whoever comes next: making one costs more than a small file. */
const GREATEST_KEPT = 16 * 1024 * 1024
const LEAST_SIZE = 4 * 1024 * 1024

interface SearchExports {
  readonly inputStart: { readonly value: number }
  readonly rabinKarpSum: (from: number, to: number) => number
  readonly rollsum: (from: number, to: number) => number
  readonly searchRabinKarp: SearchFunction
  readonly searchRollsum: SearchFunction
  readonly foundSum: () => number
  readonly tailWithRabinKarpSum: (end: number, greatest: number, sum: number) => number
  readonly tailWithRollsum: (end: number, greatest: number, sum: number) => number
}

type SearchFunction = (
  from: number,
  to: number,
  blockSize: number,
  filter: number,
  filterShift: number,
  table: number,
  tableShift: number,
  weak: number,
) => number

interface HashExports {
  readonly hashAt: { readonly value: number }
  readonly hash: (from: number, to: number) => void
  readonly prepare?: () => void
}

/** Where the kernel finds blocks by their weak sums: addresses, and how far a spread sum is shifted to be a place. See `BlockTable`. */
export interface TablePlaces {
  readonly filter: number
  readonly filterShift: number
  readonly table: number
  readonly tableShift: number
  readonly weak: number
}

let kept: BlockMemory | undefined

/**
 * Memory with room for at least `size` bytes, for one user, until it is disposed of. Its content is arbitrary.
 */
export function borrowBlockMemory(size: number): BlockMemory {
  const memory = kept
  if (memory === undefined || memory.size < size) return new BlockMemory(Math.max(size, LEAST_SIZE))
  kept = undefined
  return memory
}

function keepForLater(memory: BlockMemory): void {
  if (memory.size <= GREATEST_KEPT) kept = memory
}

/** Memory that the kernels work in, so that what is read into it is summed, hashed and searched without being copied. */
export class BlockMemory implements Disposable {
  /** Bytes that its user has. */
  readonly size: number
  readonly #memory: WasmMemory
  readonly #search: SearchExports
  readonly #start: number
  readonly #hashes = new Map<StrongHash, HashExports>()

  /** @param size - bytes that the user has; the kernels' own come on top of them */
  constructor(size: number) {
    const kernelsOwn = 65_536
    this.#memory = createMemory(kernelsOwn + size)
    this.#search = instantiateKernel<SearchExports>(kernelUrl('block-search'), this.#memory)
    this.#start = this.#search.inputStart.value
    this.size = this.#memory.buffer.byteLength - this.#start
  }

  /** Gives the memory back. */
  [Symbol.dispose](): void {
    keepForLater(this)
  }

  /** `length` bytes from `at` on. */
  bytes(at: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#memory.buffer, this.#start + at, length)
  }

  /** `length` unsigned numbers of 32 bits from `at` on, a multiple of four. */
  words(at: number, length: number): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.#memory.buffer, this.#start + at, length)
  }

  /** The weak sum of the bytes from `from` up to `to`. */
  weakSum(kind: WeakHash, from: number, to: number): number {
    const { rabinKarpSum, rollsum } = this.#search
    return (kind === 'rabin-karp' ? rabinKarpSum : rollsum)(this.#start + from, this.#start + to) >>> 0
  }

  /** The strong hash of the bytes from `from` up to `to`. It lasts until the next one. */
  strongHash(kind: StrongHash, from: number, to: number): Uint8Array {
    if (kind === 'sha256') return hash('sha256', this.bytes(from, to - from), 'buffer')
    const kernel = this.#hashKernel(kind)
    kernel.hash(this.#start + from, this.#start + to)
    return new Uint8Array(this.#memory.buffer, kernel.hashAt.value, STRONG_HASH_LENGTH[kind])
  }

  /**
   * The first place from `from` up to `to`, both included, where a block of the table may begin, judged by its weak sum; `to + 1` where there is none.
   * Everything up to `to + blockSize` must be there; the byte after it is read as well, whatever it is.
   */
  search(kind: WeakHash, from: number, to: number, blockSize: number, places: TablePlaces): number {
    const { searchRabinKarp, searchRollsum } = this.#search
    const { filter, filterShift, table, tableShift, weak } = places
    const start = this.#start
    return (
      (kind === 'rabin-karp' ? searchRabinKarp : searchRollsum)(
        start + from,
        start + to,
        blockSize,
        start + filter,
        filterShift,
        start + table,
        tableShift,
        start + weak,
      ) - start
    )
  }

  /** The weak sum at the place that `search` has found. */
  foundSum(): number {
    return this.#search.foundSum() >>> 0
  }

  /** The greatest number of bytes before `end`, up to `greatest`, that have this weak sum; 0 where there is none. */
  tailWithSum(kind: WeakHash, end: number, greatest: number, sum: number): number {
    const { tailWithRabinKarpSum, tailWithRollsum } = this.#search
    return (kind === 'rabin-karp' ? tailWithRabinKarpSum : tailWithRollsum)(this.#start + end, greatest, sum)
  }

  #hashKernel(kind: 'blake2b' | 'md4'): HashExports {
    let kernel = this.#hashes.get(kind)
    if (kernel === undefined) {
      kernel = instantiateKernel<HashExports>(kernelUrl(kind), this.#memory)
      kernel.prepare?.()
      this.#hashes.set(kind, kernel)
    }
    return kernel
  }
}
