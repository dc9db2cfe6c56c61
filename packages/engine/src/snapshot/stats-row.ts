import type { EntryStats } from './walk.ts'

/** Places of the 64-bit words of a row. */
export const STAT = {
  mode: 0,
  uid: 1,
  gid: 2,
  ino: 3,
  dev: 4,
  nlink: 5,
  size: 6,
  rdev: 7,
  atimeNs: 8,
  mtimeNs: 9,
  ctimeNs: 10,
} as const

/** Words of a row. */
export const ROW_WORDS = 11

const UINT32 = 2 ** 32
const SECOND = 1_000_000_000
const TYPE_BITS = 0o170000
const FOLDER_TYPE = 0o040000
const FILE_TYPE = 0o100000

/** Rows of what `lstat` gives, in memory that goes from one thread to another; read as doubles, which makes no bigints. */
export class StatsRows {
  readonly words: BigInt64Array<ArrayBuffer>
  /** Of the time that {@link seconds} was asked for last: nanoseconds above the second. */
  fraction = 0
  readonly #halves: Uint32Array<ArrayBuffer>

  constructor(words: BigInt64Array<ArrayBuffer>) {
    this.words = words
    this.#halves = new Uint32Array(words.buffer, words.byteOffset, words.length * 2)
  }

  /** Fills the row that starts at a word. */
  put(start: number, stats: EntryStats): void {
    const words = this.words
    words[start + STAT.mode] = stats.mode
    words[start + STAT.uid] = stats.uid
    words[start + STAT.gid] = stats.gid
    words[start + STAT.ino] = stats.ino
    words[start + STAT.dev] = stats.dev
    words[start + STAT.nlink] = stats.nlink
    words[start + STAT.size] = stats.size
    words[start + STAT.rdev] = stats.rdev
    words[start + STAT.atimeNs] = stats.atimeNs
    words[start + STAT.mtimeNs] = stats.mtimeNs
    words[start + STAT.ctimeNs] = stats.ctimeNs
  }

  /** A word as a double; exact up to 2^53. */
  number(word: number): number {
    return ((this.#halves[2 * word + 1] ?? 0) | 0) * UINT32 + (this.#halves[2 * word] ?? 0)
  }

  /** Whole seconds of a word of nanoseconds, rounded down. */
  seconds(word: number): number {
    // The double is some hundred nanoseconds off, so that near a full second this may be off by one.
    const about = Math.floor(this.number(word) / SECOND)
    const rest = ((this.#halves[2 * word] ?? 0) - Math.imul(about, SECOND)) >>> 0
    const error = rest < SECOND ? 0 : rest < UINT32 / 2 ? 1 : -1
    this.fraction = (rest - error * SECOND) >>> 0
    return about + error
  }
}

/** What `lstat` gave for an entry. */
export class StatsRow implements EntryStats {
  readonly rows: StatsRows
  /** Its first word. */
  readonly start: number

  constructor(rows: StatsRows, start: number) {
    this.rows = rows
    this.start = start
  }

  get mode(): bigint {
    return this.#word(STAT.mode)
  }

  get uid(): bigint {
    return this.#word(STAT.uid)
  }

  get gid(): bigint {
    return this.#word(STAT.gid)
  }

  get ino(): bigint {
    return this.#word(STAT.ino)
  }

  get dev(): bigint {
    return this.#word(STAT.dev)
  }

  get nlink(): bigint {
    return this.#word(STAT.nlink)
  }

  get size(): bigint {
    return this.#word(STAT.size)
  }

  get rdev(): bigint {
    return this.#word(STAT.rdev)
  }

  get atimeNs(): bigint {
    return this.#word(STAT.atimeNs)
  }

  get mtimeNs(): bigint {
    return this.#word(STAT.mtimeNs)
  }

  get ctimeNs(): bigint {
    return this.#word(STAT.ctimeNs)
  }

  isDirectory(): boolean {
    return this.#type() === FOLDER_TYPE
  }

  isFile(): boolean {
    return this.#type() === FILE_TYPE
  }

  #type(): number {
    return this.rows.number(this.start + STAT.mode) & TYPE_BITS
  }

  #word(word: number): bigint {
    return this.rows.words[this.start + word] ?? 0n
  }
}
