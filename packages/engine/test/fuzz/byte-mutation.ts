import type { Random } from './random.ts'

/** Bytes that an input can grow to. */
export const LARGEST_INPUT = 4096

/** Numbers at which counting, signs, doubles or 32 and 64 bits end. */
const BOUNDARIES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff]

type Change = (bytes: Buffer, random: Random, others: readonly Uint8Array[], words: readonly string[]) => Buffer

const CHANGES: readonly Change[] = [
  function flipBit(bytes, random) {
    const at = random.below(bytes.length)
    return withByte(bytes, at, (bytes[at] ?? 0) ^ (1 << random.below(8)))
  },
  function setByte(bytes, random) {
    return withByte(bytes, random.below(bytes.length), random.below(256))
  },
  function addToByte(bytes, random) {
    const at = random.below(bytes.length)
    return withByte(bytes, at, (bytes[at] ?? 0) + random.below(33) - 16)
  },
  function setNumber(bytes, random) {
    if (bytes.length < 4) return bytes
    const changed = Buffer.from(bytes)
    changed.writeUInt32LE(random.pick(BOUNDARIES), random.below(bytes.length - 3))
    return changed
  },
  function addToNumber(bytes, random) {
    if (bytes.length < 4) return bytes
    const changed = Buffer.from(bytes)
    const at = random.below(bytes.length - 3)
    changed.writeUInt32LE((changed.readUInt32LE(at) + random.below(65) - 32) >>> 0, at)
    return changed
  },
  function remove(bytes, random) {
    const at = random.below(bytes.length)
    return splice(bytes, at, 1 + random.below(lengthFor(bytes, random)), Buffer.alloc(0))
  },
  function cutOff(bytes, random) {
    return Buffer.from(bytes.subarray(0, random.below(bytes.length)))
  },
  function insert(bytes, random) {
    const inserted = Buffer.from(Array.from({ length: 1 + random.below(8) }, () => random.below(256)))
    return splice(bytes, random.below(bytes.length + 1), 0, inserted)
  },
  function repeat(bytes, random) {
    const at = random.below(bytes.length)
    const part = bytes.subarray(at, at + 1 + random.below(lengthFor(bytes, random)))
    const times = random.oneIn(8) ? 1 + random.below(200) : 1
    return splice(bytes, at, 0, Buffer.concat(Array.from({ length: times }, () => part)))
  },
  function move(bytes, random) {
    const at = random.below(bytes.length)
    const part = bytes.subarray(at, at + 1 + random.below(lengthFor(bytes, random)))
    const rest = splice(bytes, at, part.length, Buffer.alloc(0))
    return splice(rest, random.below(rest.length + 1), 0, part)
  },
  function crossOver(bytes, random, others) {
    const other = random.pick(others)
    const start = random.below(other.length + 1)
    return Buffer.concat([bytes.subarray(0, random.below(bytes.length + 1)), other.subarray(start)])
  },
  function insertOther(bytes, random, others) {
    const other = random.pick(others)
    const start = random.below(other.length + 1)
    const part = other.subarray(start, start + random.below(64))
    return splice(bytes, random.below(bytes.length + 1), random.below(part.length + 1), part)
  },
  function insertWord(bytes, random, _, words) {
    if (words.length === 0) return bytes
    const word = Buffer.from(random.pick(words))
    return splice(bytes, random.below(bytes.length + 1), random.oneIn(2) ? 0 : word.length, word)
  },
]

/**
 * A changed copy of an input.
 *
 * @param others - inputs of the same parser, to take parts of; at least one
 * @param words - what means something to the parser
 */
export function mutateBytes(
  input: Uint8Array,
  random: Random,
  others: readonly Uint8Array[],
  words: readonly string[],
): Buffer {
  let bytes = Buffer.from(input)
  for (let left = 1 + random.below(random.oneIn(4) ? 8 : 2); left > 0; left--) {
    if (bytes.length === 0) bytes = Buffer.from(random.pick(others))
    bytes = Buffer.from(random.pick(CHANGES)(bytes, random, others, words).subarray(0, LARGEST_INPUT))
  }
  return bytes
}

function lengthFor(bytes: Uint8Array, random: Random): number {
  return random.oneIn(4) ? bytes.length : 8
}

function withByte(bytes: Uint8Array, at: number, value: number): Buffer {
  const changed = Buffer.from(bytes)
  changed[at] = value
  return changed
}

function splice(bytes: Uint8Array, at: number, removed: number, inserted: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + removed)])
}
