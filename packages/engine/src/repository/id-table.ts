import { randomBytes } from 'node:crypto'
import { hashId } from './id-hash.ts'
import { ID_SIZE, type Id } from './id.ts'

/** 32-bit words of an id. */
export const ID_WORDS = ID_SIZE / 4

/** Words of a record: the id, then four of the owner's; of the first of these the two highest bits belong to the table. */
const RECORD_WORDS = ID_WORDS + 4
/** Set in word 8 of records with the second of two kinds of id. */
const KIND_BIT = 0x8000_0000
/** Set in word 8 of a record whose id and kind an earlier record has. */
const REPEATED_BIT = 0x4000_0000
/** Largest value of a record's word 8 as its owner sees it. */
export const MAX_FIRST_WORD = REPEATED_BIT - 1

const SEGMENT_BITS = 12
/** Records whose memory is allocated at once: 192 KiB. */
const SEGMENT_RECORDS = 1 << SEGMENT_BITS

/** A slot holds a record's number + 1 and, above these bits, a piece of its id's hash that spares most useless comparisons. */
const NUMBER_BITS = 28
const NUMBER_MASK = (1 << NUMBER_BITS) - 1
const FIRST_SLOTS = 1024

/** An {@link IdTable} as other threads get it. */
export interface SharedIdTable {
  readonly segments: readonly SharedArrayBuffer[]
  readonly slots: SharedArrayBuffer
  readonly count: number
  readonly seed: readonly [number, number]
}

/**
 * Fixed-size records found by their id and kind, in shared memory: segments of records that never move, and an open-addressing table of
 * their numbers. Ids are hashed with a secret, so that nobody can choose ids that all meet in one place.
 *
 * Several records may have one id and kind. The slot then leads to the last of them, which needs no id of its own: the room holds
 * the number of the first (which has it) and of the one before. However many there are, adding one more takes the same time.
 *
 * One thread adds. Another that attaches sees the records that were there when `shared` was read, and cannot add.
 */
export class IdTable {
  readonly #segments: Uint32Array[]
  readonly #seed: readonly [number, number]
  readonly #attached: boolean
  #slots: Uint32Array
  /** Other threads read the slots as they are: they must not change any more. */
  #slotsAreShared = false
  #count: number

  /** @param shared - a table of another thread; without it, an empty one */
  constructor(shared?: SharedIdTable) {
    this.#attached = shared !== undefined
    this.#segments = shared?.segments.map((segment) => new Uint32Array(segment)) ?? []
    this.#slots = new Uint32Array(shared?.slots ?? new SharedArrayBuffer(FIRST_SLOTS * 4))
    this.#count = shared?.count ?? 0
    this.#seed = shared?.seed ?? randomSeed()
  }

  /** What another thread needs to read the records that are there now. */
  get shared(): SharedIdTable {
    this.#slotsAreShared = true
    const segments = this.#segments.map((segment) => segment.buffer as SharedArrayBuffer)
    return { segments, slots: this.#slots.buffer as SharedArrayBuffer, count: this.#count, seed: this.#seed }
  }

  /** Records. */
  get count(): number {
    return this.#count
  }

  /** Bytes of memory that the table holds. */
  get byteLength(): number {
    return this.#segments.length * SEGMENT_RECORDS * RECORD_WORDS * 4 + this.#slots.byteLength
  }

  /**
   * Adds a record, behind others with the same id and kind.
   *
   * @param id - words of the id
   * @param kind - 0 or 1
   * @param words - the owner's four words; the first at most {@link MAX_FIRST_WORD}
   * @returns its number: they count up from 0
   */
  add(id: Uint32Array, kind: number, words: readonly [number, number, number, number]): number {
    return this.addWords(id, 0, kind, words[0], words[1], words[2], words[3])
  }

  /** As {@link add}, for an id whose words start at `from` of `id`. */
  addWords(
    id: Uint32Array,
    from: number,
    kind: number,
    word0: number,
    word1: number,
    word2: number,
    word3: number,
  ): number {
    if (this.#attached) throw new Error('only the thread that made a table adds to it')
    const number = this.#count
    if (number >= NUMBER_MASK) throw new Error('the table has no room for more records')
    if ((number + 1) * 4 > this.#slots.length * 3) this.#rehash(this.#slots.length * 2)
    else if (this.#slotsAreShared) this.#copySlots()
    if (number >> SEGMENT_BITS === this.#segments.length) {
      this.#segments.push(new Uint32Array(new SharedArrayBuffer(SEGMENT_RECORDS * RECORD_WORDS * 4)))
    }
    const segment = this.#segment(number)
    const at = offsetOf(number)
    const hash = hashId(id, kind, this.#seed, from)
    const slot = this.#probe(id, kind, hash, from)
    const previous = this.#numberInSlot(slot)
    if (previous === -1) for (let word = 0; word < ID_WORDS; word++) segment[at + word] = id[from + word] ?? 0
    else {
      segment[at] = this.#first(previous)
      segment[at + 1] = previous
    }
    segment[at + ID_WORDS] = word0 | (kind === 0 ? 0 : KIND_BIT) | (previous === -1 ? 0 : REPEATED_BIT)
    segment[at + ID_WORDS + 1] = word1
    segment[at + ID_WORDS + 2] = word2
    segment[at + ID_WORDS + 3] = word3
    this.#count++
    this.#slots[slot] = slotValue(number, hash)
    return number
  }

  /** Makes room for so many records in all: finding a place for each again and again, as the table grows, takes longer than adding them. */
  reserve(records: number): void {
    let size = this.#slots.length
    while (records * 4 > size * 3 && size <= NUMBER_MASK) size *= 2
    if (size > this.#slots.length) this.#rehash(size)
  }

  /** Number of the first record with an id and kind, -1 where there is none. */
  find(id: Uint32Array, kind: number): number {
    const found = this.#numberInSlot(this.#probe(id, kind, hashId(id, kind, this.#seed)))
    return found === -1 ? -1 : this.#first(found)
  }

  /**
   * Numbers of all records with an id and kind, in the order in which they were added.
   * @param limit - no more than so many, the last ones
   */
  findAll(id: Uint32Array, kind: number, limit = Infinity): number[] {
    const numbers: number[] = []
    let number = this.#numberInSlot(this.#probe(id, kind, hashId(id, kind, this.#seed)))
    while (number !== -1 && numbers.length < limit) {
      numbers.push(number)
      number = this.#isRepeated(number) ? this.#raw(number, 1) : -1
    }
    return numbers.toReversed()
  }

  /** Number of the first record that has a record's id and kind. */
  first(number: number): number {
    return this.#first(number)
  }

  /** One of the owner's four words. */
  word(number: number, word: 0 | 1 | 2 | 3): number {
    const value = this.#raw(number, ID_WORDS + word)
    return word === 0 ? value & MAX_FIRST_WORD : value
  }

  /** Changes one of the owner's last three words. */
  setWord(number: number, word: 1 | 2 | 3, value: number): void {
    this.#segment(number)[offsetOf(number) + ID_WORDS + word] = value
  }

  /** A record's kind. */
  kind(number: number): 0 | 1 {
    return this.#raw(number, ID_WORDS) >= KIND_BIT ? 1 : 0
  }

  /** A record's id. */
  id(number: number): Id {
    const first = this.#first(number)
    const segment = this.#segment(first)
    return Buffer.from(segment.buffer, offsetOf(first) * 4, ID_SIZE).toString('hex') as Id
  }

  /** Copies the words of a record's id to `at` of `target`. */
  copyId(number: number, target: Uint32Array, at: number): void {
    const first = this.#first(number)
    const segment = this.#segment(first)
    const from = offsetOf(first)
    for (let word = 0; word < ID_WORDS; word++) target[at + word] = segment[from + word] ?? 0
  }

  /** The slot that leads to an id and kind, or the empty one where they would go. */
  #probe(id: Uint32Array, kind: number, hash: number, from = 0): number {
    const slots = this.#slots
    const mask = slots.length - 1
    const mark = hash >>> NUMBER_BITS
    // Steps that grow by one reach every slot of a table whose size is a power of two, and do not pile up as steps of one do.
    for (let slot = hash & mask, step = 1; ; slot = (slot + step++) & mask) {
      const value = slots[slot] ?? 0
      if (value === 0) return slot
      if (value >>> NUMBER_BITS === mark && this.#has((value & NUMBER_MASK) - 1, id, kind, from)) return slot
    }
  }

  #has(number: number, id: Uint32Array, kind: number, from: number): boolean {
    if (this.kind(number) !== kind) return false
    const first = this.#first(number)
    const segment = this.#segment(first)
    const at = offsetOf(first)
    for (let word = 0; word < ID_WORDS; word++) if (segment[at + word] !== id[from + word]) return false
    return true
  }

  #copySlots(): void {
    const copy = new Uint32Array(new SharedArrayBuffer(this.#slots.byteLength))
    copy.set(this.#slots)
    this.#slots = copy
    this.#slotsAreShared = false
  }

  #rehash(size: number): void {
    const old = this.#slots
    this.#slotsAreShared = false
    this.#slots = new Uint32Array(new SharedArrayBuffer(size * 4))
    const id = new Uint32Array(ID_WORDS)
    const mask = size - 1
    for (const value of old) {
      if (value === 0) continue
      const number = (value & NUMBER_MASK) - 1
      const first = this.#first(number)
      const at = offsetOf(first)
      id.set(this.#segment(first).subarray(at, at + ID_WORDS))
      const hash = hashId(id, this.kind(number), this.#seed)
      let slot = hash & mask
      for (let step = 1; this.#slots[slot] !== 0; step++) slot = (slot + step) & mask
      this.#slots[slot] = slotValue(number, hash)
    }
  }

  #numberInSlot(slot: number): number {
    return ((this.#slots[slot] ?? 0) & NUMBER_MASK) - 1
  }

  #isRepeated(number: number): boolean {
    return (this.#raw(number, ID_WORDS) & REPEATED_BIT) !== 0
  }

  #first(number: number): number {
    return this.#isRepeated(number) ? this.#raw(number, 0) : number
  }

  #raw(number: number, word: number): number {
    const value = this.#segment(number)[offsetOf(number) + word]
    if (value === undefined) throw new Error(`no record ${number}`)
    return value
  }

  #segment(number: number): Uint32Array {
    const segment = this.#segments[number >> SEGMENT_BITS]
    if (segment === undefined) throw new Error(`no record ${number}`)
    return segment
  }
}

function offsetOf(number: number): number {
  return (number & (SEGMENT_RECORDS - 1)) * RECORD_WORDS
}

function slotValue(number: number, hash: number): number {
  return (((hash >>> NUMBER_BITS) << NUMBER_BITS) | (number + 1)) >>> 0
}

/** Two random words to hash ids with. */
export function randomSeed(): readonly [number, number] {
  const bytes = randomBytes(8)
  return [bytes.readUInt32LE(0), bytes.readUInt32LE(4)]
}
