import type { FileNumbers } from '../repository/tree-entries.ts'
import type { EntryStats } from './walk.ts'

const SECOND = 1_000_000_000
const UINT32 = 2 ** 32

/**
 * Splits 64-bit numbers into doubles without making further bigints: much of the time that comparing a file with its parent's entry would take.
 */
class Splitter {
  readonly #word = new BigInt64Array(1)
  readonly #low = new Uint32Array(this.#word.buffer)
  readonly #high = new Int32Array(this.#word.buffer)
  fraction = 0

  /** As a double; exact up to 2^53. */
  number(value: bigint): number {
    this.#word[0] = value
    return (this.#high[1] ?? 0) * UINT32 + (this.#low[0] ?? 0)
  }

  /** Whole seconds of nanoseconds, rounded down; `fraction` has the nanoseconds above them. */
  seconds(nanoseconds: bigint): number {
    // The double is some hundred nanoseconds off, so that near a full second this may be off by one.
    const about = Math.floor(this.number(nanoseconds) / SECOND)
    const rest = ((this.#low[0] ?? 0) - Math.imul(about, SECOND)) >>> 0
    const error = rest < SECOND ? 0 : rest < UINT32 / 2 ? 1 : -1
    this.fraction = (rest - error * SECOND) >>> 0
    return about + error
  }
}

const splitter = new Splitter()

/** The numbers of a file, for comparing it with what a tree says. */
export class ScannedNumbers implements FileNumbers {
  mode = 0
  mtime = 0
  mtimeFraction = 0
  atime = 0
  atimeFraction = 0
  ctime = 0
  ctimeFraction = 0
  uid = 0
  gid = 0
  user = ''
  group = ''
  inode = 0
  device = 0
  size = 0
  links = 0

  /** Takes them from what `lstat` gave; mode and names of owners are the caller's. @param withAtime - else the time of access counts as that of modification */
  take(stats: EntryStats, withAtime: boolean): void {
    this.mtime = splitter.seconds(stats.mtimeNs)
    this.mtimeFraction = splitter.fraction
    this.ctime = splitter.seconds(stats.ctimeNs)
    this.ctimeFraction = splitter.fraction
    this.atime = withAtime ? splitter.seconds(stats.atimeNs) : this.mtime
    this.atimeFraction = withAtime ? splitter.fraction : this.mtimeFraction
    this.uid = splitter.number(stats.uid)
    this.gid = splitter.number(stats.gid)
    this.inode = splitter.number(stats.ino)
    this.device = splitter.number(stats.dev)
    this.size = splitter.number(stats.size)
    this.links = splitter.number(stats.nlink)
  }
}
