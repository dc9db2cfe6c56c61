/**
 * MD4 (RFC 1320), which old signatures of librsync are made with. AssemblyScript, compiled to WebAssembly by `compile-kernels.ts`.
 *
 * Works in the memory that all kernels share; bytes 2048 to 2303 are its own, and it writes the hash to the first 16 of them.
 */

/** Address of the hash. */
export const hashAt: usize = 2048
/** The last bytes of the input, with the padding: one piece or two. */
const LAST: usize = hashAt + 64

const PIECE: usize = 64

/** Hashes the bytes from `from` up to `to`. */
export function hash(from: usize, to: usize): void {
  store<u32>(hashAt, 0x67452301)
  store<u32>(hashAt, 0xefcdab89, 4)
  store<u32>(hashAt, 0x98badcfe, 8)
  store<u32>(hashAt, 0x10325476, 12)
  let at = from
  for (; to - at >= PIECE; at += PIECE) compress(at)
  const rest = to - at
  const padded = rest < 56 ? PIECE : 2 * PIECE
  memory.fill(LAST, 0, 2 * PIECE)
  memory.copy(LAST, at, rest)
  store<u8>(LAST + rest, 0x80)
  store<u64>(LAST + padded - 8, (<u64>(to - from)) << 3)
  compress(LAST)
  if (padded > PIECE) compress(LAST + PIECE)
}

function compress(piece: usize): void {
  let a = load<u32>(hashAt)
  let b = load<u32>(hashAt, 4)
  let c = load<u32>(hashAt, 8)
  let d = load<u32>(hashAt, 12)

  for (let i: usize = 0; i < 16; i += 4) {
    a = rotl<u32>(a + (d ^ (b & (c ^ d))) + word(piece, i), 3)
    d = rotl<u32>(d + (c ^ (a & (b ^ c))) + word(piece, i + 1), 7)
    c = rotl<u32>(c + (b ^ (d & (a ^ b))) + word(piece, i + 2), 11)
    b = rotl<u32>(b + (a ^ (c & (d ^ a))) + word(piece, i + 3), 19)
  }
  for (let i: usize = 0; i < 4; i++) {
    a = rotl<u32>(a + majority(b, c, d) + word(piece, i) + 0x5a827999, 3)
    d = rotl<u32>(d + majority(a, b, c) + word(piece, i + 4) + 0x5a827999, 5)
    c = rotl<u32>(c + majority(d, a, b) + word(piece, i + 8) + 0x5a827999, 9)
    b = rotl<u32>(b + majority(c, d, a) + word(piece, i + 12) + 0x5a827999, 13)
  }
  for (let step: usize = 0; step < 4; step++) {
    // 0, 2, 1, 3: the two bits of the step swapped
    const i = ((step & 1) << 1) | (step >> 1)
    a = rotl<u32>(a + (b ^ c ^ d) + word(piece, i) + 0x6ed9eba1, 3)
    d = rotl<u32>(d + (a ^ b ^ c) + word(piece, i + 8) + 0x6ed9eba1, 9)
    c = rotl<u32>(c + (d ^ a ^ b) + word(piece, i + 4) + 0x6ed9eba1, 11)
    b = rotl<u32>(b + (c ^ d ^ a) + word(piece, i + 12) + 0x6ed9eba1, 15)
  }

  store<u32>(hashAt, load<u32>(hashAt) + a)
  store<u32>(hashAt, load<u32>(hashAt, 4) + b, 4)
  store<u32>(hashAt, load<u32>(hashAt, 8) + c, 8)
  store<u32>(hashAt, load<u32>(hashAt, 12) + d, 12)
}

function word(piece: usize, i: usize): u32 {
  return load<u32>(piece + (i << 2))
}

function majority(x: u32, y: u32, z: u32): u32 {
  return (x & y) | (z & (x | y))
}
