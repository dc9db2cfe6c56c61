import { createMemory, instantiateKernel, WASM_PAGE_SIZE } from '@varve/platform/web-assembly'

/** The same place seen from the sources and from the bundle. */
const KERNEL_URL = new URL('../../wasm/scrypt.wasm', import.meta.url)

/** Bytes of the longest lane; the kernel reads as many zeros from address 0. */
export const MAX_LANE_SIZE = WASM_PAGE_SIZE

/** Words of a block of Salsa20, and of the vectors that the kernel keeps it in. */
const BLOCK_WORDS = 16
const VECTOR_WORDS = 4

/** Bytes of memory for a lane: half of the table of RFC 7914, see the kernel. */
export function tableSize(N: number, r: number): number {
  return 64 * r * N
}

interface KernelExports {
  readonly mix: (lane: number, table: number, r: number, n: number) => void
}

/** `scryptROMix` of RFC 7914 for one N and r, in WebAssembly, with vectors. It keeps {@link tableSize} bytes of memory. */
export class ScryptMixer {
  readonly #lane: Uint32Array
  readonly #mix: () => void

  /**
   * @param N - a power of two
   * @param r - such that 128·r is at most {@link MAX_LANE_SIZE}
   */
  constructor(N: number, r: number) {
    const size = 128 * r
    const table = MAX_LANE_SIZE + 3 * size
    const memory = createMemory(table + tableSize(N, r))
    const kernel = instantiateKernel<KernelExports>(KERNEL_URL, memory)
    this.#lane = new Uint32Array(memory.buffer, MAX_LANE_SIZE, size / 4)
    this.#mix = () => kernel.mix(MAX_LANE_SIZE, table, r, N)
  }

  /** Mixes a lane of 128·r bytes, in place. */
  mix(lane: Uint8Array): void {
    const words = new DataView(lane.buffer, lane.byteOffset, lane.byteLength)
    for (let index = 0; index < this.#lane.length; index++)
      this.#lane[index] = words.getUint32(placeInLane(index), true)
    this.#mix()
    for (const [index, word] of this.#lane.entries()) words.setUint32(placeInLane(index), word, true)
    this.#lane.fill(0)
  }
}

/** Where in a lane the word is that the kernel's vectors, which hold diagonals, have at an index; in bytes. */
function placeInLane(index: number): number {
  const inBlock = index % BLOCK_WORDS
  const vector = Math.floor(inBlock / VECTOR_WORDS)
  const diagonal = (VECTOR_WORDS * vector + (VECTOR_WORDS + 1) * (inBlock % VECTOR_WORDS)) % BLOCK_WORDS
  return 4 * (index - inBlock + diagonal)
}
