import type { LibC } from './linux-libc.ts'
import { systemError } from './system-error.ts'

const AT_FDCWD = -100
const AT_SYMLINK_NOFOLLOW = 0x100
const NANOSECONDS = 1_000_000_000n

/** Sets access and modification time of an entry itself, in nanoseconds since 1970. Throws a system error. */
export type SetTimes = (path: string, atime: bigint, mtime: bigint) => void

/** The same of an open file. */
export type SetTimesOfFile = (fd: number, atime: bigint, mtime: bigint) => void

/** A {@link SetTimes} that is exact to the nanosecond for every moment that the file system can keep (utimensat(2)). */
export function linuxSetTimes(libc: LibC): SetTimes {
  const putTimes = timesMemory(libc)
  return (path, atime, mtime) => {
    const times = putTimes(atime, mtime)
    if (libc.utimensat(AT_FDCWD, libc.path(path), times, AT_SYMLINK_NOFOLLOW) === 0) return
    throw systemError(libc.errno(), 'utimensat', path)
  }
}

/** A {@link SetTimesOfFile} that is as exact (futimens(3)). */
export function linuxSetTimesOfFile(libc: LibC): SetTimesOfFile {
  const putTimes = timesMemory(libc)
  return (fd, atime, mtime) => {
    if (libc.futimens(fd, putTimes(atime, mtime)) !== 0) throw systemError(libc.errno(), 'futimens')
  }
}

/** Memory for two `struct timespec`, each seconds and nanoseconds. @returns what fills it in, and gives its address */
function timesMemory(libc: LibC): (atime: bigint, mtime: bigint) => bigint {
  const memory = libc.allocate(32)
  const fields = new BigInt64Array(memory.bytes.buffer, memory.bytes.byteOffset, 4)
  return (atime, mtime) => {
    putTimespec(fields, 0, atime)
    putTimespec(fields, 2, mtime)
    return memory.address
  }
}

function putTimespec(fields: BigInt64Array, index: number, nanoseconds: bigint): void {
  const remainder = nanoseconds % NANOSECONDS
  const fraction = remainder < 0n ? remainder + NANOSECONDS : remainder
  fields[index] = (nanoseconds - fraction) / NANOSECONDS
  fields[index + 1] = fraction
}
