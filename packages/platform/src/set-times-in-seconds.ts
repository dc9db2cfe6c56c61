import { futimesSync, lutimesSync } from 'node:fs'
import { toFsPath } from './file-name.ts'

/**
 * Sets the times of an entry itself through Node, which takes them as floating-point seconds: present moments are off by up to about 240
 * nanoseconds. For where nothing more exact can be called. Throws a system error.
 *
 * @param atime - nanoseconds since 1970
 * @param mtime - nanoseconds since 1970
 */
export function setTimesInSeconds(path: string, atime: bigint, mtime: bigint): void {
  lutimesSync(toFsPath(path), inSeconds(atime), inSeconds(mtime))
}

/** The same of an open file. */
export function setTimesOfFileInSeconds(fd: number, atime: bigint, mtime: bigint): void {
  futimesSync(fd, inSeconds(atime), inSeconds(mtime))
}

function inSeconds(nanoseconds: bigint): number {
  // Converted apart, since all the nanoseconds together are too many for a double.
  return Number(nanoseconds / 1_000_000_000n) + Number(nanoseconds % 1_000_000_000n) / 1e9
}
