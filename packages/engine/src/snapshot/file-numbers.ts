import type { FileNumbers } from '../repository/tree-entries.ts'
import { ROW_WORDS, STAT, StatsRow, StatsRows } from './stats-row.ts'
import type { EntryStats } from './walk.ts'

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
  readonly #row = new StatsRow(new StatsRows(new BigInt64Array(ROW_WORDS)), 0)

  /** Takes them from what `lstat` gave; mode and names of owners are the caller's. @param withAtime - else the time of access counts as that of modification */
  take(stats: EntryStats, withAtime: boolean): void {
    if (stats instanceof StatsRow) return this.#takeRow(stats, withAtime)
    this.#row.rows.put(0, stats)
    this.#takeRow(this.#row, withAtime)
  }

  #takeRow({ rows, start }: StatsRow, withAtime: boolean): void {
    this.mtime = rows.seconds(start + STAT.mtimeNs)
    this.mtimeFraction = rows.fraction
    this.ctime = rows.seconds(start + STAT.ctimeNs)
    this.ctimeFraction = rows.fraction
    this.atime = withAtime ? rows.seconds(start + STAT.atimeNs) : this.mtime
    this.atimeFraction = withAtime ? rows.fraction : this.mtimeFraction
    this.uid = rows.number(start + STAT.uid)
    this.gid = rows.number(start + STAT.gid)
    this.inode = rows.number(start + STAT.ino)
    this.device = rows.number(start + STAT.dev)
    this.size = rows.number(start + STAT.size)
    this.links = rows.number(start + STAT.nlink)
  }
}
