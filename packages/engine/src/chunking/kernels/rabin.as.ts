/**
 * Finds where Rabin fingerprints allow a cut. AssemblyScript, compiled to WebAssembly by `compile-kernels.ts`.
 *
 * A position is a candidate when the digest of the 64 bytes before it, read as one polynomial over GF(2) (first byte
 * and each byte's highest bit first) and taken modulo an irreducible polynomial of degree 53, has its lowest 20 bits
 * zero. A digest d is rolled on by one byte b, and by the byte w that leaves the window, as d·x⁸ + b + w·x⁵¹². See M.
 * O. Rabin, "Fingerprinting by Random Polynomials" (1981), and A. Broder, "Some applications of Rabin's fingerprinting
 * method" (1993).
 *
 * As a digest depends on 64 bytes only, 16 stretches of the input are scanned at once, one in each byte lane of a
 * vector. A digest's 53 bits are spread over seven vectors, lowest byte first, and multiplication by a constant becomes
 * table look-ups by half bytes, which is what a swizzle does for 16 lanes in one instruction.
 *
 * All addresses are in the imported memory; its first 64 KiB belong to this file, the bytes to scan lie after that.
 */

/** Address of the first byte that the caller may use. */
export const inputStart: usize = 65536

const WINDOW: usize = 64
const CUT_BITS: u64 = 0xf_ffff
/** Bits below a digest's highest eight. */
const TOP_SHIFT: u64 = 45

/**
 * 256 x u64: what cancels the top byte t of a digest that was multiplied by x⁸, and adds its remainder: t·x⁵³ + (t·x⁵³
 * mod P).
 */
const REDUCE: usize = 1024
/** 256 x u64: the share of a byte that leaves the window: w·x⁵¹² mod P. */
const LEAVE: usize = REDUCE + 2048

/** The same tables by half bytes, 16 bytes for each byte of the digest: first for low halves, then for high ones. */
const REDUCE_LOW: usize = LEAVE + 2048
const REDUCE_HIGH: usize = REDUCE_LOW + 7 * 16
const LEAVE_LOW: usize = REDUCE_HIGH + 7 * 16
const LEAVE_HIGH: usize = LEAVE_LOW + 7 * 16
/**
 * Vectors of the byte 15 and of the byte 7. Loading a constant is cheaper than the three instructions that V8 makes of
 * a literal.
 */
const FIFTEENS: usize = LEAVE_HIGH + 7 * 16
const SEVENS: usize = FIFTEENS + 16

/**
 * Ring of the 128 vectors last scanned, one byte of each lane in each: what enters the windows, and, 64 later, what
 * leaves them.
 */
const RING: usize = 8192
const RING_SIZE: usize = 128 * 16

/** Bytes that are turned from rows into lanes at a time. */
const STEP: usize = 16
/**
 * Positions that a lane scans in a row. Long, as each lane has to be led in by 64 bytes; short, as what other lanes did
 * behind a hit was in vain; and no power of two, as 16 lanes would then crowd into the same few sets of the processor's
 * cache.
 */
const LANE_SIZE: usize = 65 * 64

/** Fills the tables. `polynomial`: irreducible, of degree 53. */
export function prepare(polynomial: u64): void {
  for (let byte: u64 = 0; byte < 256; byte++) {
    let remainder = byte << 53
    for (let bit = 60; bit >= 53; bit--) {
      if ((remainder >> bit) & 1) remainder ^= polynomial << (bit - 53)
    }
    store<u64>(REDUCE + ((<usize>byte) << 3), remainder | (byte << 53))
  }
  for (let byte: u64 = 0; byte < 256; byte++) {
    let share = byte
    for (let k: usize = 0; k < WINDOW; k++) share = append(share, 0)
    store<u64>(LEAVE + ((<usize>byte) << 3), share)
  }
  for (let plane: usize = 0; plane < 7; plane++) {
    for (let half: usize = 0; half < 16; half++) {
      const target = plane * 16 + half
      store<u8>(REDUCE_LOW + target, load<u8>(REDUCE + (half << 3) + plane))
      store<u8>(REDUCE_HIGH + target, load<u8>(REDUCE + (half << 7) + plane))
      store<u8>(LEAVE_LOW + target, load<u8>(LEAVE + (half << 3) + plane))
      store<u8>(LEAVE_HIGH + target, load<u8>(LEAVE + (half << 7) + plane))
    }
  }
  v128.store(FIFTEENS, i8x16.splat(15))
  v128.store(SEVENS, i8x16.splat(7))
}

/**
 * The first candidate position in [from, to), or `to` where there is none. Keeps no state between calls, so a range may
 * be scanned in pieces and in any order. The 64 bytes before `from` must be there.
 */
export function firstCandidate(from: usize, to: usize): usize {
  let position = from
  while (to - position >= 16 * STEP) {
    const laneSize = min(((to - position) / (16 * STEP)) * STEP, LANE_SIZE)
    const end = position + 16 * laneSize
    const found = firstInLanes(position, laneSize)
    if (found < end) return found
    position = end
  }
  return firstInRow(position, to)
}

/** {@link firstCandidate}, one byte after the other: for what is too short for lanes. */
function firstInRow(from: usize, to: usize): usize {
  let digest: u64 = 0
  for (let at = from - WINDOW; at < from; at++) digest = append(digest, load<u8>(at))
  for (let position = from; position < to; position++) {
    if ((digest & CUT_BITS) == 0) return position
    digest = append(digest, load<u8>(position)) ^ load<u64>(LEAVE + ((<usize>load<u8>(position - WINDOW)) << 3))
  }
  return to
}

function append(digest: u64, byte: u64): u64 {
  return ((digest << 8) | byte) ^ load<u64>(REDUCE + ((<usize>(digest >> TOP_SHIFT)) << 3))
}

/** The first candidate position in the 16 lanes of `laneSize` positions from `from`, or the position after them. */
function firstInLanes(from: usize, laneSize: usize): usize {
  memory.fill(RING, 0, RING_SIZE)
  let d0 = i8x16.splat(0)
  let d1 = d0
  let d2 = d0
  let d3 = d0
  let d4 = d0
  let d5 = d0
  let d6 = d0
  let slot: usize = 0
  let found = from + 16 * laneSize
  // lanes before the one with the best hit so far: a hit in any other comes later
  let lanesWanted: i32 = 0xffff

  // A position's digest is complete once the byte before it has entered. 64 bytes lead in; the digests on the way mean
  // nothing.
  const first = from - 1
  for (let at = first - WINDOW; at < first + laneSize; at += STEP) {
    const entering = RING + slot
    const leaving = RING + ((slot + WINDOW * 16) & (RING_SIZE - 1))
    loadLanes(at, laneSize, entering)
    // zero in a lane once all 20 bits of one of its digests are
    let cutBits = i8x16.splat(-1)
    for (let k: usize = 0; k < STEP * 16; k += 16) {
      const top = v128.or(v128.shl<i16>(d6, 3), v128.and(v128.shr<u16>(d5, 5), v128.load(SEVENS)))
      const topLow = v128.and(top, v128.load(FIFTEENS))
      const topHigh = v128.and(v128.shr<u16>(top, 4), v128.load(FIFTEENS))
      const left = v128.load(leaving + k)
      const leftLow = v128.and(left, v128.load(FIFTEENS))
      const leftHigh = v128.and(v128.shr<u16>(left, 4), v128.load(FIFTEENS))
      d6 = v128.xor(d5, change(6 * 16, topLow, topHigh, leftLow, leftHigh))
      d5 = v128.xor(d4, change(5 * 16, topLow, topHigh, leftLow, leftHigh))
      d4 = v128.xor(d3, change(4 * 16, topLow, topHigh, leftLow, leftHigh))
      d3 = v128.xor(d2, change(3 * 16, topLow, topHigh, leftLow, leftHigh))
      d2 = v128.xor(d1, change(2 * 16, topLow, topHigh, leftLow, leftHigh))
      d1 = v128.xor(d0, change(1 * 16, topLow, topHigh, leftLow, leftHigh))
      d0 = v128.xor(v128.load(entering + k), change(0, topLow, topHigh, leftLow, leftHigh))
      cutBits = v128.min<u8>(cutBits, v128.or(v128.or(d0, d1), v128.and(d2, v128.load(FIFTEENS))))
    }
    slot = (slot + STEP * 16) & (RING_SIZE - 1)
    if (at >= first && !v128.all_true<u8>(cutBits)) {
      const lanes = v128.bitmask<u8>(v128.eq<u8>(cutBits, i8x16.splat(0))) & lanesWanted
      if (lanes != 0) {
        const lane = ctz(lanes)
        const position = at + 1 + <usize>lane * laneSize
        found = firstInRow(position, position + STEP)
        if (lane == 0) return found
        lanesWanted = (1 << lane) - 1
      }
    }
  }
  return found
}

/**
 * One byte of what the top byte and the byte that leaves change in a digest. `plane`: 16 times the number of the byte.
 */
function change(plane: usize, topLow: v128, topHigh: v128, leftLow: v128, leftHigh: v128): v128 {
  return v128.xor(
    v128.xor(
      i8x16.relaxed_swizzle(v128.load(REDUCE_LOW + plane), topLow),
      i8x16.relaxed_swizzle(v128.load(REDUCE_HIGH + plane), topHigh),
    ),
    v128.xor(
      i8x16.relaxed_swizzle(v128.load(LEAVE_LOW + plane), leftLow),
      i8x16.relaxed_swizzle(v128.load(LEAVE_HIGH + plane), leftHigh),
    ),
  )
}

/**
 * Loads 16 bytes for each lane, from `at` and every `laneSize` bytes after, and stores them at `target` as 16 vectors
 * of one byte a lane.
 */
// prettier-ignore
function loadLanes(at: usize, laneSize: usize, target: usize): void {
  const half = at + 8 * laneSize
  let r0 = v128.load(at), r1 = v128.load(at + laneSize)
  let r2 = v128.load(at + 2 * laneSize), r3 = v128.load(at + 3 * laneSize)
  let r4 = v128.load(at + 4 * laneSize), r5 = v128.load(at + 5 * laneSize)
  let r6 = v128.load(at + 6 * laneSize), r7 = v128.load(at + 7 * laneSize)
  let r8 = v128.load(half), r9 = v128.load(half + laneSize)
  let r10 = v128.load(half + 2 * laneSize), r11 = v128.load(half + 3 * laneSize)
  let r12 = v128.load(half + 4 * laneSize), r13 = v128.load(half + 5 * laneSize)
  let r14 = v128.load(half + 6 * laneSize), r15 = v128.load(half + 7 * laneSize)
  // Four perfect shuffles of 256 bytes rotate a byte's address by four of its eight bits, which swaps its row and its
  // column.
  for (let round = 0; round < 4; round++) {
    const s0 = zipLow(r0, r8), s1 = zipHigh(r0, r8), s2 = zipLow(r1, r9), s3 = zipHigh(r1, r9)
    const s4 = zipLow(r2, r10), s5 = zipHigh(r2, r10), s6 = zipLow(r3, r11), s7 = zipHigh(r3, r11)
    const s8 = zipLow(r4, r12), s9 = zipHigh(r4, r12), s10 = zipLow(r5, r13), s11 = zipHigh(r5, r13)
    const s12 = zipLow(r6, r14), s13 = zipHigh(r6, r14), s14 = zipLow(r7, r15), s15 = zipHigh(r7, r15)
    r0 = s0, r1 = s1, r2 = s2, r3 = s3, r4 = s4, r5 = s5, r6 = s6, r7 = s7
    r8 = s8, r9 = s9, r10 = s10, r11 = s11, r12 = s12, r13 = s13, r14 = s14, r15 = s15
  }
  v128.store(target, r0), v128.store(target, r1, 16), v128.store(target, r2, 32), v128.store(target, r3, 48)
  v128.store(target, r4, 64), v128.store(target, r5, 80), v128.store(target, r6, 96), v128.store(target, r7, 112)
  v128.store(target, r8, 128), v128.store(target, r9, 144), v128.store(target, r10, 160), v128.store(target, r11, 176)
  v128.store(target, r12, 192), v128.store(target, r13, 208), v128.store(target, r14, 224), v128.store(target, r15, 240)
}

function zipLow(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
}

function zipHigh(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
}
