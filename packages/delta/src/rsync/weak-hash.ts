/*
 * Weak sums of blocks: cheap, and cheap to move on by one byte. What has the same weak sum may be the same; the strong hash tells.
 */

/** `rabin-karp`: a polynomial modulo 2³². `rollsum`: two sums like those of Adler-32, for signatures of librsync only. */
export type WeakHash = 'rabin-karp' | 'rollsum'

/**
 * What sums of type `rabin-karp` are polynomials in. A sum of bytes b₁…bₙ is Mⁿ + b₁·Mⁿ⁻¹ + … + bₙ modulo 2³²: the leading one tells strings of zeros of
 * different length apart. The same as in librsync since 2.2, so that both formats need one search only.
 */
export const RABIN_KARP_MULTIPLIER = 0x08104225

/** Added to each byte in sums of type `rollsum`. */
const ROLLSUM_OFFSET = 31

/** A weak sum, as an unsigned 32-bit number. */
export function weakSum(kind: WeakHash, bytes: Uint8Array): number {
  return kind === 'rabin-karp' ? rabinKarpSum(bytes) : rollsum(bytes)
}

function rabinKarpSum(bytes: Uint8Array): number {
  let sum = 1
  for (const byte of bytes) sum = (Math.imul(sum, RABIN_KARP_MULTIPLIER) + byte) | 0
  return sum >>> 0
}

function rollsum(bytes: Uint8Array): number {
  let low = 0
  let high = 0
  for (const byte of bytes) {
    low = (low + byte + ROLLSUM_OFFSET) & 0xffff
    high = (high + low) & 0xffff
  }
  return ((high << 16) | low) >>> 0
}
