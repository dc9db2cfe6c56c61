/** Words that HalfSipHash starts from. */
const START_2 = 0x6c796765
const START_3 = 0x74656462
/** Bytes that are hashed, eight words and the kind, as the function's last word has them. */
const LENGTH_WORD = 36 << 24

/**
 * A 32-bit hash of an id and its kind: HalfSipHash-1-3 (J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast short-input PRF", 2012, in
 * its 32-bit form). Who does not know the seed cannot choose ids that collide.
 *
 * @param id - has the eight words of the id
 * @param kind - 0 or 1
 * @param seed - two random words
 * @param at - where in `id` they start
 */
export function hashId(id: Uint32Array, kind: number, seed: readonly [number, number], at = 0): number {
  let v0 = seed[0] | 0
  let v1 = seed[1] | 0
  let v2 = START_2 ^ v0
  let v3 = START_3 ^ v1
  for (let i = 0; i < 13; i++) {
    // Nine words of input, the length, then three rounds that mix what is there.
    const word = i < 8 ? (id[at + i] ?? 0) : i === 8 ? kind : i === 9 ? LENGTH_WORD : 0
    if (i === 10) v2 ^= 0xff
    v3 ^= word
    v0 = (v0 + v1) | 0
    v1 = (v1 << 5) | (v1 >>> 27)
    v1 ^= v0
    v0 = (v0 << 16) | (v0 >>> 16)
    v2 = (v2 + v3) | 0
    v3 = (v3 << 8) | (v3 >>> 24)
    v3 ^= v2
    v0 = (v0 + v3) | 0
    v3 = (v3 << 7) | (v3 >>> 25)
    v3 ^= v0
    v2 = (v2 + v1) | 0
    v1 = (v1 << 13) | (v1 >>> 19)
    v1 ^= v2
    v2 = (v2 << 16) | (v2 >>> 16)
    v0 ^= word
  }
  return (v1 ^ v3) >>> 0
}
