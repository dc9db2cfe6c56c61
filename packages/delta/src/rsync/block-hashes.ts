/*
 * What is kept of a block: a weak sum, which is cheap and cheap to move on by one byte, and a strong hash, which tells whether what has the same weak sum is
 * the same.
 */

/**
 * `rabin-karp`: of bytes b₁…bₙ the sum Mⁿ + b₁·Mⁿ⁻¹ + … + bₙ modulo 2³² with M = 0x08104225; the leading one tells zeros of different length apart.
 * The same as in librsync since 2.2, so that both formats need one search only. `rollsum`: two sums of 16 bits like those of Adler-32, for signatures
 * of librsync only.
 */
export type WeakHash = 'rabin-karp' | 'rollsum'

/** SHA-256. BLAKE2b with 32 bytes of output and MD4 are for signatures of librsync only. */
export type StrongHash = 'sha256' | 'blake2b' | 'md4'

/** Bytes of each strong hash: a signature may keep fewer. */
export const STRONG_HASH_LENGTH: Readonly<Record<StrongHash, number>> = { sha256: 32, blake2b: 32, md4: 16 }
