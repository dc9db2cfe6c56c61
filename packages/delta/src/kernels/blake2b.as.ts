/**
 * BLAKE2b with 32 bytes of output and no key (RFC 7693). AssemblyScript, compiled to WebAssembly by `compile-kernels.ts`.
 *
 * Works in the memory that all kernels share; bytes 4096 to 8191 are its own, and it writes the hash to the first 32 of them. A row of the state is two
 * vectors of two words each.
 */

/** Address of the hash, and of the eight words that it is part of. */
export const hashAt: usize = 4096
/** The last piece of the input, filled up with zeros. */
const LAST: usize = hashAt + 64
/** Which word of the input comes when: 12 rounds of 16, as offsets in bytes. */
const ORDER: usize = LAST + 128
/** Initial values: the first 64 bits of the fractional parts of the square roots of the first eight primes. */
const INITIAL: usize = ORDER + 12 * 16

const PIECE: usize = 128

/** Fills the tables. To be called once. */
export function prepare(): void {
  setOrder(0, 0x0123456789abcdef)
  setOrder(1, 0xea489fd61c02b753)
  setOrder(2, 0xb8c052fdae367194)
  setOrder(3, 0x7931dcbe265a40f8)
  setOrder(4, 0x905724afe1bc683d)
  setOrder(5, 0x2c6a0b834d75fe19)
  setOrder(6, 0xc51fed4a0763928b)
  setOrder(7, 0xdb7ec13950f4862a)
  setOrder(8, 0x6fe9b308c2d714a5)
  setOrder(9, 0xa2847615fb9e3cd0)
  setOrder(10, 0x0123456789abcdef)
  setOrder(11, 0xea489fd61c02b753)
  store<u64>(INITIAL, 0x6a09e667f3bcc908)
  store<u64>(INITIAL, 0xbb67ae8584caa73b, 8)
  store<u64>(INITIAL, 0x3c6ef372fe94f82b, 16)
  store<u64>(INITIAL, 0xa54ff53a5f1d36f1, 24)
  store<u64>(INITIAL, 0x510e527fade682d1, 32)
  store<u64>(INITIAL, 0x9b05688c2b3e6c1f, 40)
  store<u64>(INITIAL, 0x1f83d9abfb41bd6b, 48)
  store<u64>(INITIAL, 0x5be0cd19137e2179, 56)
}

/** `words`: the numbers of 16 words, four bits each, the first one highest. */
function setOrder(round: usize, words: u64): void {
  for (let i: usize = 0; i < 16; i++) {
    store<u8>(ORDER + 16 * round + i, <u8>(((words >> (60 - 4 * i)) & 15) * 8))
  }
}

/** Hashes the bytes from `from` up to `to`. */
export function hash(from: usize, to: usize): void {
  memory.copy(hashAt, INITIAL, 64)
  // parameters: 32 bytes of output, fan-out and depth 1
  store<u64>(hashAt, load<u64>(hashAt) ^ 0x01010020)
  let at = from
  for (; to - at > PIECE; at += PIECE) compress(at, at + PIECE - from, false)
  memory.fill(LAST, 0, PIECE)
  memory.copy(LAST, at, to - at)
  compress(LAST, to - from, true)
}

/** Takes in one piece. `count`: bytes that have come, with this piece. */
function compress(piece: usize, count: usize, last: bool): void {
  let a0 = v128.load(hashAt)
  let a1 = v128.load(hashAt, 16)
  let b0 = v128.load(hashAt, 32)
  let b1 = v128.load(hashAt, 48)
  let c0 = v128.load(INITIAL)
  let c1 = v128.load(INITIAL, 16)
  let d0 = v128.xor(v128.load(INITIAL, 32), i64x2(<i64>count, 0))
  let d1 = v128.xor(v128.load(INITIAL, 48), i64x2(last ? -1 : 0, 0))

  for (let order = ORDER; order < ORDER + 12 * 16; order += 16) {
    // columns
    a0 = i64x2.add(i64x2.add(a0, b0), words(piece, order))
    a1 = i64x2.add(i64x2.add(a1, b1), words(piece, order + 4))
    d0 = rotated32(v128.xor(d0, a0))
    d1 = rotated32(v128.xor(d1, a1))
    c0 = i64x2.add(c0, d0)
    c1 = i64x2.add(c1, d1)
    b0 = rotated24(v128.xor(b0, c0))
    b1 = rotated24(v128.xor(b1, c1))
    a0 = i64x2.add(i64x2.add(a0, b0), words(piece, order + 1))
    a1 = i64x2.add(i64x2.add(a1, b1), words(piece, order + 5))
    d0 = rotated16(v128.xor(d0, a0))
    d1 = rotated16(v128.xor(d1, a1))
    c0 = i64x2.add(c0, d0)
    c1 = i64x2.add(c1, d1)
    b0 = rotated63(v128.xor(b0, c0))
    b1 = rotated63(v128.xor(b1, c1))

    // diagonals become columns
    let t = b0
    b0 = crossed(b0, b1)
    b1 = crossed(b1, t)
    t = d0
    d0 = crossed(d1, d0)
    d1 = crossed(t, d1)

    a0 = i64x2.add(i64x2.add(a0, b0), words(piece, order + 8))
    a1 = i64x2.add(i64x2.add(a1, b1), words(piece, order + 12))
    d0 = rotated32(v128.xor(d0, a0))
    d1 = rotated32(v128.xor(d1, a1))
    c1 = i64x2.add(c1, d0)
    c0 = i64x2.add(c0, d1)
    b0 = rotated24(v128.xor(b0, c1))
    b1 = rotated24(v128.xor(b1, c0))
    a0 = i64x2.add(i64x2.add(a0, b0), words(piece, order + 9))
    a1 = i64x2.add(i64x2.add(a1, b1), words(piece, order + 13))
    d0 = rotated16(v128.xor(d0, a0))
    d1 = rotated16(v128.xor(d1, a1))
    c1 = i64x2.add(c1, d0)
    c0 = i64x2.add(c0, d1)
    b0 = rotated63(v128.xor(b0, c1))
    b1 = rotated63(v128.xor(b1, c0))

    // and diagonals again
    t = b0
    b0 = crossed(b1, b0)
    b1 = crossed(t, b1)
    t = d0
    d0 = crossed(d0, d1)
    d1 = crossed(d1, t)
  }

  v128.store(hashAt, v128.xor(v128.load(hashAt), v128.xor(a0, c0)))
  v128.store(hashAt, v128.xor(v128.load(hashAt, 16), v128.xor(a1, c1)), 16)
  v128.store(hashAt, v128.xor(v128.load(hashAt, 32), v128.xor(b0, d0)), 32)
  v128.store(hashAt, v128.xor(v128.load(hashAt, 48), v128.xor(b1, d1)), 48)
}

/** The words of the input whose offsets are at `order` and two bytes further. */
function words(piece: usize, order: usize): v128 {
  return v128.load64_lane(piece + <usize>load<u8>(order, 2), v128.load64_zero(piece + <usize>load<u8>(order)), 1)
}

/** The higher word of one vector and the lower of another. */
function crossed(x: v128, y: v128): v128 {
  return v128.shuffle<u64>(x, y, 1, 2)
}

function rotated32(x: v128): v128 {
  return v128.shuffle<u32>(x, x, 1, 0, 3, 2)
}

function rotated24(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10)
}

function rotated16(x: v128): v128 {
  return v128.shuffle<u16>(x, x, 1, 2, 3, 0, 5, 6, 7, 4)
}

function rotated63(x: v128): v128 {
  return v128.xor(i64x2.shr_u(x, 63), i64x2.add(x, x))
}
