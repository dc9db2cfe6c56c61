import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

/** Holds the id of the process that works here. */
const OWNER = 'process'

/**
 * A folder for this run below `root`, empty: what an interrupted run left there goes.
 * @throws Error where another benchmark is at work
 */
export function claimWorkplace(root: string): string {
  const work = join(root, 'work')
  const owner = ownerOf(work)
  if (owner !== undefined && isAlive(owner)) {
    throw new Error(`another benchmark (process ${owner}) is using ${root}: wait for it, or choose another --root`)
  }
  emptyFolder(work)
  writeFileSync(join(work, OWNER), String(process.pid))
  return work
}

/** Makes a folder, or removes what is in it. */
export function emptyFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
}

/**
 * Moves a folder that is done with into another one, which goes when everything has been measured. ext4 does not hand out an inode again for
 * minutes after its file was deleted, and looks at all of those for each new file: where 80,000 files have just gone, making as many takes several
 * times as long.
 *
 * @param into - on the same file system; it need not be there
 */
export function retire(folder: string, into: string): void {
  if (!existsSync(folder)) return
  mkdirSync(into, { recursive: true })
  renameSync(folder, join(into, String(readdirSync(into).length)))
}

/** @throws Error where a disk has less room than that */
export function requireSpace(folder: string, bytes: number, purpose: string): void {
  const { bavail, bsize } = statfsSync(folder)
  if (bavail * bsize >= bytes) return
  throw new Error(
    `${purpose} needs about ${gigabytes(bytes)} in ${folder}, and ${gigabytes(bavail * bsize)} are free: ` +
      'choose another --root, fewer contestants with --only, or a smaller corpus',
  )
}

/** Bytes of the files below a folder, or of a file; 0 where nothing is. */
export function sizeOf(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return 0
  if (!stats.isDirectory()) return stats.size
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`
}

function ownerOf(work: string): number | undefined {
  try {
    return Number(readFileSync(join(work, OWNER), 'utf8'))
  } catch {
    return undefined
  }
}

function isAlive(id: number): boolean {
  try {
    process.kill(id, 0)
    return true
  } catch {
    return false
  }
}
