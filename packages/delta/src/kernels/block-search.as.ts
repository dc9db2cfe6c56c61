/**
 * Weak sums of blocks, and the search for places in a stream where one of many blocks may begin. AssemblyScript, compiled to WebAssembly by
 * `compile-kernels.ts`.
 *
 * All kernels work in one memory, which is imported: the first 64 KiB are theirs, each using another part (this one bytes 1024 to 2047), and the caller
 * lays out the rest. They keep nothing from one call to the next.
 */

/** What Rabin-Karp sums are polynomials in. */
const MULTIPLIER: u32 = 0x08104225
/** Added to each byte in sums of type rollsum. */
const ROLLSUM_OFFSET: u32 = 31
/** Spreads sums over a table: an odd constant near 2³² divided by the golden ratio. */
const SPREAD: u32 = 0x9e3779b1
/** Places of the table that are looked at. */
const GREATEST_DISTANCE: u32 = 64

/** Address of the sum that belongs to the place which a search has found. */
const FOUND_SUM: usize = 1024

/** Address of the first byte that the caller may use. */
export const inputStart: usize = 65536

/** The sum that belongs to what was found last. */
export function foundSum(): u32 {
  return load<u32>(FOUND_SUM)
}

/** The Rabin-Karp sum of the bytes from `from` up to `to`. Four times four bytes at once, each with a share of its own in the sum. */
export function rabinKarpSum(from: usize, to: usize): u32 {
  const power16 = i32x4.splat(power(16))
  let a = i32x4.splat(0)
  let b = a
  let c = a
  // the leading one of a sum stands where a byte before the first one would
  let d = i32x4.replace_lane(a, 3, 1)
  let at = from
  for (; at + 16 <= to; at += 16) {
    const bytes = v128.load(at)
    const low = i16x8.extend_low_i8x16_u(bytes)
    const high = i16x8.extend_high_i8x16_u(bytes)
    a = i32x4.add(i32x4.mul(a, power16), i32x4.extend_low_i16x8_u(low))
    b = i32x4.add(i32x4.mul(b, power16), i32x4.extend_high_i16x8_u(low))
    c = i32x4.add(i32x4.mul(c, power16), i32x4.extend_low_i16x8_u(high))
    d = i32x4.add(i32x4.mul(d, power16), i32x4.extend_high_i16x8_u(high))
  }
  let shares = a
  const power4 = i32x4.splat(power(4))
  shares = i32x4.add(i32x4.mul(shares, power4), b)
  shares = i32x4.add(i32x4.mul(shares, power4), c)
  shares = i32x4.add(i32x4.mul(shares, power4), d)
  let sum: u32 = i32x4.extract_lane(shares, 0)
  sum = sum * MULTIPLIER + i32x4.extract_lane(shares, 1)
  sum = sum * MULTIPLIER + i32x4.extract_lane(shares, 2)
  sum = sum * MULTIPLIER + i32x4.extract_lane(shares, 3)
  for (; at < to; at++) sum = sum * MULTIPLIER + load<u8>(at)
  return sum
}

/** The rollsum of the bytes from `from` up to `to`. */
export function rollsum(from: usize, to: usize): u32 {
  let low: u32 = 0
  let high: u32 = 0
  for (let at = from; at < to; at++) {
    low += ROLLSUM_OFFSET + load<u8>(at)
    high += low
  }
  return (high << 16) | (low & 0xffff)
}

/**
 * The first place from `from` up to `to`, both included, where `blockSize` bytes have a Rabin-Karp sum that is in the table; one more than `to` where there is
 * none. The byte after the last block is read, and has no influence. See `hasSum` for the rest.
 *
 * @param filter - where a bit is set for each spread sum shifted right by `filterShift`: it spares most looks at the table
 */
export function searchRabinKarp(
  from: usize,
  to: usize,
  blockSize: usize,
  filter: usize,
  filterShift: u32,
  table: usize,
  tableShift: u32,
  weak: usize,
): usize {
  let sum = rabinKarpSum(from, from + blockSize)
  const removal = power(<u32>blockSize)
  const correction = removal * (MULTIPLIER - 1)
  for (let at = from; at <= to; at++) {
    const spread = sum * SPREAD
    const bit = spread >>> filterShift
    if (((<u32>load<u8>(filter + (bit >>> 3))) >>> (bit & 7)) & 1) {
      if (hasSum(sum, spread >>> tableShift, table, tableShift, weak)) {
        store<u32>(FOUND_SUM, sum)
        return at
      }
    }
    // the part that does not wait for the sum before comes first
    const change = <u32>load<u8>(at + blockSize) - removal * <u32>load<u8>(at) - correction
    sum = sum * MULTIPLIER + change
  }
  return to + 1
}

/** The same with rollsums. */
export function searchRollsum(
  from: usize,
  to: usize,
  blockSize: usize,
  filter: usize,
  filterShift: u32,
  table: usize,
  tableShift: u32,
  weak: usize,
): usize {
  let sum = rollsum(from, from + blockSize)
  let low = sum & 0xffff
  let high = sum >>> 16
  for (let at = from; at <= to; at++) {
    sum = (high << 16) | (low & 0xffff)
    const spread = sum * SPREAD
    const bit = spread >>> filterShift
    if (((<u32>load<u8>(filter + (bit >>> 3))) >>> (bit & 7)) & 1) {
      if (hasSum(sum, spread >>> tableShift, table, tableShift, weak)) {
        store<u32>(FOUND_SUM, sum)
        return at
      }
    }
    const leaving = <u32>load<u8>(at)
    low += <u32>load<u8>(at + blockSize) - leaving
    high += low - <u32>blockSize * (leaving + ROLLSUM_OFFSET)
  }
  return to + 1
}

/** The greatest number of bytes before `end`, up to `greatest`, whose Rabin-Karp sum is `sum`; 0 where there is none. */
export function tailWithRabinKarpSum(end: usize, greatest: usize, sum: u32): usize {
  let found: usize = 0
  let factor: u32 = 1
  let share: u32 = 0
  for (let size: usize = 1; size <= greatest; size++) {
    share += factor * <u32>load<u8>(end - size)
    factor *= MULTIPLIER
    if (factor + share == sum) found = size
  }
  return found
}

/** The same with rollsums. */
export function tailWithRollsum(end: usize, greatest: usize, sum: u32): usize {
  let found: usize = 0
  let low: u32 = 0
  let high: u32 = 0
  for (let size: usize = 1; size <= greatest; size++) {
    const share = ROLLSUM_OFFSET + <u32>load<u8>(end - size)
    low += share
    high += <u32>size * share
    if (((high << 16) | (low & 0xffff)) == sum) found = size
  }
  return found
}

/**
 * Whether the table has a block with this sum. A place of it holds one more than a block's number, or 0; `weak` is where the blocks' sums are.
 */
function hasSum(sum: u32, home: u32, table: usize, tableShift: u32, weak: usize): bool {
  const mask: u32 = (1 << (32 - tableShift)) - 1
  for (let distance: u32 = 0; distance < GREATEST_DISTANCE; distance++) {
    const block = load<u32>(table + ((<usize>((home + distance) & mask)) << 2))
    if (block == 0) return false
    if (load<u32>(weak + ((<usize>(block - 1)) << 2)) == sum) return true
  }
  return false
}

function power(exponent: u32): u32 {
  let result: u32 = 1
  let square = MULTIPLIER
  for (let rest = exponent; rest != 0; rest >>>= 1) {
    if (rest & 1) result *= square
    square *= square
  }
  return result
}
