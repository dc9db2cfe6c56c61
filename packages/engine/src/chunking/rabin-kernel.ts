import { VarveError } from '@varve/platform/errors'
import { createMemory, instantiateKernel, WASM_PAGE_SIZE } from '@varve/platform/web-assembly'
import { CHUNKER_DEGREE, degree } from './polynomial.ts'

/** Bytes before a position that decide whether a cut may be there. */
export const WINDOW_SIZE = 64

/** The same place seen from the sources and from the bundle. */
const KERNEL_URL = new URL('../../wasm/rabin.wasm', import.meta.url)

interface KernelExports {
  readonly inputStart: { readonly value: number }
  readonly prepare: (polynomial: bigint) => void
  readonly firstCandidate: (from: number, to: number) => number
}

/**
 * Scans for positions where Rabin fingerprints allow a cut, in WebAssembly.
 *
 * Whether a position is such a candidate depends on the {@link WINDOW_SIZE} bytes before it and on nothing else: not on
 * where a chunk or the scan began. So a stream may be scanned in pieces, in any order and in several threads, provided
 * that each piece is preceded by the 64 bytes before it; the union of the candidates is the same. Only the choice among
 * them, by a chunk's least and greatest size, goes from cut to cut: the next cut is the first candidate at least
 * `minSize` after the last one, or `maxSize` after it where there is none before that.
 */
export class RabinKernel {
  /** Memory that is scanned. The view stays valid for the kernel's life. */
  readonly buffer: Uint8Array<ArrayBuffer>
  readonly #inputStart: number
  readonly #firstCandidate: (from: number, to: number) => number

  /**
   * @param polynomial - irreducible, of degree 53; the latter is checked
   * @param bufferSize - bytes of `buffer`
   * @throws ERR_VARVE_BAD_ARGUMENT where the polynomial has another degree
   */
  constructor(polynomial: bigint, bufferSize: number) {
    if (polynomial < 0n || degree(polynomial) !== CHUNKER_DEGREE) {
      throw new VarveError(
        'ERR_VARVE_BAD_ARGUMENT',
        `0x${polynomial.toString(16).slice(0, 40)} cannot be used for chunking: it is no polynomial of degree ${CHUNKER_DEGREE}`,
      )
    }
    // one page before the buffer is the kernel's own
    const memory = createMemory(WASM_PAGE_SIZE + bufferSize)
    const kernel = instantiateKernel<KernelExports>(KERNEL_URL, memory)
    kernel.prepare(polynomial)
    this.#inputStart = kernel.inputStart.value
    this.#firstCandidate = kernel.firstCandidate
    this.buffer = new Uint8Array(memory.buffer, this.#inputStart, bufferSize)
  }

  /**
   * The first candidate among the positions from `from` up to, but not including, `to`, as an offset in `buffer`; `to`
   * where there is none.
   *
   * @param from - at least {@link WINDOW_SIZE}: the bytes before it belong to the stream
   * @param to - at most the size of `buffer`
   */
  firstCandidate(from: number, to: number): number {
    if (from < WINDOW_SIZE || from > to || to > this.buffer.length) {
      throw new Error(`positions ${from} to ${to} were to be scanned in a buffer of ${this.buffer.length} bytes`)
    }
    return this.#firstCandidate(this.#inputStart + from, this.#inputStart + to) - this.#inputStart
  }
}
