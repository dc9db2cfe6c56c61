/*
 * The memory-hard part of scrypt (RFC 7914, section 5), of one lane.
 *
 * A block of 64 bytes is kept by the diagonals of the 4 × 4 matrix that Salsa20 sees in it, so that each of its quarter rounds works on whole vectors:
 * vector k holds the words 4k, 4k + 5, 4k + 10 and 4k + 15 modulo 16. Whoever calls this arranges the words so, and back.
 */

/** Address of zeros, in place of a block of the table in the half in which there is none to add. */
const NOTHING: usize = 0

function rotate(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(x, bits), i32x4.shr_u(x, 32 - bits))
}

/**
 * `scryptROMix`, with every second entry of its table: the others are made again of those before them when they are needed. That is a quarter more
 * to compute, much of which is won back by touching half as much memory.
 *
 * @param lane - address of the lane, 128 · r bytes, with twice as many free ones behind it
 * @param table - address of n · 64 · r free bytes
 * @param n - a power of two
 */
export function mix(lane: usize, table: usize, r: i32, n: i32): void {
  const size = (<usize>r) << 7
  const remade = lane + 2 * size
  let from = lane
  let to = lane + size
  for (let i = 0; i < n; i++) {
    if ((i & 1) === 0) memory.copy(table + <usize>(i >> 1) * size, from, size)
    mixBlocks(from, NOTHING, to, size)
    const spare = from
    from = to
    to = spare
  }
  // The steps of each half are even in number: the result lies where the lane was.
  for (let i = 0; i < n; i++) {
    const chosen = load<u32>(from + size - 64) & (n - 1)
    let entry = table + <usize>(chosen >> 1) * size
    if ((chosen & 1) !== 0) {
      mixBlocks(entry, NOTHING, remade, size)
      entry = remade
    }
    mixBlocks(from, entry, to, size)
    const spare = from
    from = to
    to = spare
  }
}

/** `scryptBlockMix` of (`from` xor `add`) to `to`. */
function mixBlocks(from: usize, add: usize, to: usize, size: usize): void {
  const last = size - 64
  let x0 = v128.xor(v128.load(from + last, 0), v128.load(add + last, 0))
  let x1 = v128.xor(v128.load(from + last, 16), v128.load(add + last, 16))
  let x2 = v128.xor(v128.load(from + last, 32), v128.load(add + last, 32))
  let x3 = v128.xor(v128.load(from + last, 48), v128.load(add + last, 48))
  for (let i: usize = 0; i < size; i += 64) {
    x0 = v128.xor(x0, v128.xor(v128.load(from + i, 0), v128.load(add + i, 0)))
    x1 = v128.xor(x1, v128.xor(v128.load(from + i, 16), v128.load(add + i, 16)))
    x2 = v128.xor(x2, v128.xor(v128.load(from + i, 32), v128.load(add + i, 32)))
    x3 = v128.xor(x3, v128.xor(v128.load(from + i, 48), v128.load(add + i, 48)))
    const before0 = x0
    const before1 = x1
    const before2 = x2
    const before3 = x3
    // Eight rounds of Salsa20: columns, then rows, four times.
    for (let round = 0; round < 4; round++) {
      x1 = v128.xor(x1, rotate(i32x4.add(x0, x3), 7))
      x2 = v128.xor(x2, rotate(i32x4.add(x1, x0), 9))
      x3 = v128.xor(x3, rotate(i32x4.add(x2, x1), 13))
      x0 = v128.xor(x0, rotate(i32x4.add(x3, x2), 18))
      x1 = i32x4.shuffle(x1, x1, 3, 0, 1, 2)
      x2 = i32x4.shuffle(x2, x2, 2, 3, 0, 1)
      x3 = i32x4.shuffle(x3, x3, 1, 2, 3, 0)

      x3 = v128.xor(x3, rotate(i32x4.add(x0, x1), 7))
      x2 = v128.xor(x2, rotate(i32x4.add(x3, x0), 9))
      x1 = v128.xor(x1, rotate(i32x4.add(x2, x3), 13))
      x0 = v128.xor(x0, rotate(i32x4.add(x1, x2), 18))
      x1 = i32x4.shuffle(x1, x1, 1, 2, 3, 0)
      x2 = i32x4.shuffle(x2, x2, 2, 3, 0, 1)
      x3 = i32x4.shuffle(x3, x3, 3, 0, 1, 2)
    }
    x0 = i32x4.add(x0, before0)
    x1 = i32x4.add(x1, before1)
    x2 = i32x4.add(x2, before2)
    x3 = i32x4.add(x3, before3)
    // Blocks with even numbers come first, those with odd ones after them.
    const place = to + ((i & 127) >> 6) * (size >> 1) + ((i >> 7) << 6)
    v128.store(place, x0, 0)
    v128.store(place, x1, 16)
    v128.store(place, x2, 32)
    v128.store(place, x3, 48)
  }
}
