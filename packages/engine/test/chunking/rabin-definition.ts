/*
 * Where Rabin fingerprints allow a cut, straight from the definition: nothing is rolled on from one position to the
 * next, and there are no tables.
 */

const WINDOW_SIZE = 64
const CUT_MASK = 0xf_ffff

/**
 * The lowest 20 bits of what remains of the 64 bytes before `position` after division by `polynomial`, which has degree
 * 53.
 */
function cutBits(bytes: Uint8Array, position: number, polynomial: bigint): number {
  const polynomialHigh = Number(polynomial >> 32n)
  const polynomialLow = Number(polynomial & 0xffff_ffffn)
  let high = 0
  let low = 0
  for (let i = position - WINDOW_SIZE; i < position; i++) {
    const byte = bytes[i] ?? 0
    for (let bit = 7; bit >= 0; bit--) {
      high = (high << 1) | (low >>> 31)
      low = (low << 1) | ((byte >>> bit) & 1)
      if ((high & (1 << 21)) !== 0) {
        high ^= polynomialHigh
        low ^= polynomialLow
      }
    }
  }
  return low & CUT_MASK
}

/** All positions in `bytes`, with 64 bytes before them, where a cut is allowed. In ascending order. */
export function candidatesByDefinition(bytes: Uint8Array, polynomial: bigint): readonly number[] {
  const found: number[] = []
  for (let position = WINDOW_SIZE; position <= bytes.length; position++) {
    if (cutBits(bytes, position, polynomial) === 0) found.push(position)
  }
  return found
}

/**
 * Changes the 20 bits before `position` so that a cut is allowed there: they are the window's lowest, and go into the
 * remainder as they are.
 *
 * @param remainder - the lowest 20 bits that the remainder gets; where they are not 0, no cut is allowed
 */
export function plantCandidate(bytes: Uint8Array, position: number, polynomial: bigint, remainder = 0): void {
  const bits = cutBits(bytes, position, polynomial) ^ remainder
  for (const back of [1, 2, 3]) {
    bytes[position - back] = (bytes[position - back] ?? 0) ^ ((bits >>> (8 * (back - 1))) & 0xff)
  }
}
