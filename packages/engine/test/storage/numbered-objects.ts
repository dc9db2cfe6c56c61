import { idOf, type Id } from '../../src/repository/id.ts'
import { pseudoRandom } from '../chunking/pseudo-random.ts'

/** The name of the n-th object of a test. */
export function nameOf(n: number): Id {
  return idOf(Buffer.from(`object ${n}`))
}

/** What the n-th object of a test holds: at least 1 MiB, of another length for each n. */
export function contentOf(n: number): Uint8Array<ArrayBuffer> {
  return pseudoRandom(n, 2 ** 20 + n * 12_345)
}
