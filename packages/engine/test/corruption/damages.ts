/** Something that can happen to the bytes of an object. */
export interface Damage {
  readonly what: string
  /** A damaged copy. */
  readonly apply: (bytes: Uint8Array) => Uint8Array
}

/** Bytes that a disk writes at once. */
const SECTOR = 512

/** Lengths around which formats have their joints: nonce, tag, both, the shortest header of a pack. */
const SMALL_LENGTHS = [0, 1, 3, 4, 15, 16, 17, 31, 32, 33, 40, 73]

/**
 * Everything that is tried on an object: flipped bits, and bytes lost, added, emptied, doubled and swapped.
 *
 * @param bytes - the object
 * @param step - a bit is flipped in every so manieth byte; which of the eight, depends on where
 * @param joints - offsets where one part ends and another begins: bits are flipped and bytes cut off on both sides of each
 */
export function* damages(bytes: Uint8Array, step: number, joints: readonly number[] = []): Generator<Damage> {
  for (const damage of allDamages(bytes.length, step, joints)) {
    if (Buffer.compare(damage.apply(bytes), bytes) !== 0) yield damage
  }
}

function* allDamages(size: number, step: number, joints: readonly number[]): Generator<Damage> {
  const around = joints.flatMap((joint) => [joint - 1, joint]).filter((at) => at >= 0 && at < size)
  const places = new Set([0, size - 1, ...around])
  for (let at = 0; at < size; at += step) places.add(at)
  for (const at of places) yield flip(at)
  const lengths = [...SMALL_LENGTHS, size >> 1, ...[33, 17, 16, 5, 4, 1].map((less) => size - less), ...around]
  for (const length of new Set(lengths.filter((length) => length >= 0 && length < size))) yield cut(length)
  for (const [what, more] of Object.entries({
    'a zero byte added': () => Buffer.alloc(1),
    'a kilobyte of zeros added': () => Buffer.alloc(1024),
    'itself added': (bytes: Uint8Array) => bytes,
    'its own start added': (bytes: Uint8Array) => bytes.subarray(0, 16),
  })) {
    yield { what, apply: (bytes) => Buffer.concat([bytes, more(bytes)]) }
  }
  yield { what: 'all zeros', apply: (bytes) => new Uint8Array(bytes.length) }
  yield { what: 'all ones', apply: (bytes) => new Uint8Array(bytes.length).fill(0xff) }
  yield { what: 'its halves swapped', apply: swapHalves }
  yield { what: 'its first byte lost', apply: (bytes) => bytes.subarray(1) }
  yield { what: 'a byte put before it', apply: (bytes) => Buffer.concat([Buffer.of(0), bytes]) }
  yield* sectorDamages(size)
  for (const [i, joint] of joints.entries()) {
    const next = joints[i + 1]
    if (next !== undefined && next > joint) yield* partDamages(joint, next)
  }
}

function* sectorDamages(size: number): Generator<Damage> {
  for (let at = 0; at < size; at += SECTOR) {
    const what = `the sector at ${at} full of zeros`
    yield { what, apply: (bytes) => changed(bytes, (copy) => copy.fill(0, at, at + SECTOR)) }
    if (at < SECTOR) continue
    yield {
      what: `the sector at ${at} over the one before it`,
      apply: (bytes) => changed(bytes, (copy) => copy.copyWithin(at - SECTOR, at, at + SECTOR)),
    }
  }
}

function* partDamages(start: number, end: number): Generator<Damage> {
  const where = `from ${start} to ${end}`
  yield { what: `the part ${where} lost`, apply: (bytes) => splice(bytes, start, end, []) }
  yield {
    what: `the part ${where} twice`,
    apply: (bytes) => splice(bytes, end, end, [bytes.subarray(start, end)]),
  }
  yield {
    what: `the part ${where} moved to the front`,
    apply: (bytes) => Buffer.concat([bytes.subarray(start, end), bytes.subarray(0, start), bytes.subarray(end)]),
  }
}

function flip(at: number): Damage {
  const bit = (at * 5 + 3) % 8
  return {
    what: `bit ${bit} of byte ${at} flipped`,
    apply: (bytes) => changed(bytes, (copy) => (copy[at] = (copy[at] ?? 0) ^ (1 << bit))),
  }
}

function cut(length: number): Damage {
  return { what: `cut to ${length} bytes`, apply: (bytes) => bytes.slice(0, length) }
}

function swapHalves(bytes: Uint8Array): Uint8Array {
  const half = bytes.length >> 1
  return Buffer.concat([bytes.subarray(half), bytes.subarray(0, half)])
}

function splice(bytes: Uint8Array, start: number, end: number, inserted: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([bytes.subarray(0, start), ...inserted, bytes.subarray(end)])
}

function changed(bytes: Uint8Array, change: (copy: Uint8Array) => unknown): Uint8Array {
  const copy = Uint8Array.from(bytes)
  change(copy)
  return copy
}
