import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs'
import { toFsPath } from '@varve/platform'

/** Never through a symbolic link, and never waiting for the other end of a pipe that took the file's place. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/**
 * Opens a regular file, does something with it and closes it.
 *
 * @param work - takes the descriptor and what the file is like
 * @throws the system's error; a plain Error where it is no file; what `work` throws
 */
export async function withFile<T>(path: string, work: (fd: number, stats: BigIntStats) => T | Promise<T>): Promise<T> {
  const fd = openSync(toFsPath(path), FLAGS)
  try {
    const stats = fstatSync(fd, { bigint: true })
    if (!stats.isFile()) throw new Error('it is no regular file')
    return await work(fd, stats)
  } finally {
    closeSync(fd)
  }
}

/**
 * Fills as much of a buffer from a file as there is left of the file.
 * @returns the part that was filled: shorter than the buffer only at the end of the file
 * @throws the system's error
 */
export function fillFrom(fd: number, buffer: Buffer): Buffer {
  let done = 0
  while (done < buffer.length) {
    const count = readSync(fd, buffer, done, buffer.length - done, null)
    if (count === 0) break
    done += count
  }
  return buffer.subarray(0, done)
}
