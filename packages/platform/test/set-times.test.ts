import { closeSync, lstatSync, openSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { currentPlatform } from '../src/current-platform.ts'
import { toFsPath } from '../src/file-name.ts'
import { linuxLibC } from '../src/linux-libc.ts'
import { linuxSetTimes, linuxSetTimesOfFile } from '../src/linux-times.ts'
import { setTimesInSeconds, setTimesOfFileInSeconds } from '../src/set-times-in-seconds.ts'
import { scratchFolder } from '../../../test/scratch-folder.ts'

type SetTimesOfFile = ReturnType<typeof linuxSetTimesOfFile>

const HOUR = 3_600_000_000_000n

/** Moments that every file system in common use keeps: 1902 to 2445. */
const moment = fc.bigInt({ min: -2_145_916_800n * 1_000_000_000n, max: 15_000_000_000n * 1_000_000_000n })

function times(path: string): readonly bigint[] {
  const { atimeNs, mtimeNs } = lstatSync(toFsPath(path), { bigint: true })
  return [atimeNs, mtimeNs]
}

/** Sets times of a file by opening it. */
function setOpened(setTimesOfFile: SetTimesOfFile, path: string, atime: bigint, mtime: bigint): void {
  const fd = openSync(toFsPath(path), 'r+')
  try {
    setTimesOfFile(fd, atime, mtime)
  } finally {
    closeSync(fd)
  }
}

describe('through the C library', () => {
  const result = process.platform === 'linux' ? linuxLibC() : { missing: 'not Linux' }
  const setTimes = 'libc' in result ? linuxSetTimes(result.libc) : undefined

  const setTimesOfFile = 'libc' in result ? linuxSetTimesOfFile(result.libc) : undefined

  test('times are exact to the nanosecond', ({ skip }) => {
    if (setTimes === undefined || setTimesOfFile === undefined) {
      skip()
      return
    }
    const path = join(scratchFolder(), 'file \udcff')
    writeFileSync(toFsPath(path), '')
    fc.assert(
      fc.property(moment, moment, (atime, mtime) => {
        setTimes(path, atime, mtime)
        expect(times(path)).toEqual([atime, mtime])
        setOpened(setTimesOfFile, path, mtime, atime)
        expect(times(path)).toEqual([mtime, atime])
      }),
      {
        examples: [
          [-1n, 0n],
          [-1_000_000_000n, 999_999_999n],
          [0x7fff_ffffn * 1_000_000_000n + 1n, 0x8000_0000n * 1_000_000_000n],
        ],
      },
    )
  })

  test('a link is changed, not its target', ({ skip }) => {
    if (setTimes === undefined) {
      skip()
      return
    }
    const path = join(scratchFolder(), 'file')
    writeFileSync(path, '')
    const before = times(path)
    symlinkSync(path, `${path}-link`)
    setTimes(`${path}-link`, 1n, 2n)
    expect(times(`${path}-link`)).toEqual([1n, 2n])
    expect(times(path)).toEqual(before)
  })

  test('a missing entry throws as node:fs does', ({ skip }) => {
    if (setTimes === undefined) {
      skip()
      return
    }
    const path = join(scratchFolder(), 'missing')
    expect(() => setTimes(path, 0n, 0n)).toThrow(expect.objectContaining({ code: 'ENOENT', path }))
  })

  test('a closed file throws as node:fs does', ({ skip }) => {
    if (setTimesOfFile === undefined) {
      skip()
      return
    }
    expect(() => setTimesOfFile(-1, 0n, 0n)).toThrow(
      expect.objectContaining({ code: 'EBADF', message: 'EBADF: bad file descriptor, futimens' }),
    )
  })
})

describe('through Node', () => {
  test('times are right to a microsecond, of a link too', () => {
    const path = join(scratchFolder(), 'link')
    symlinkSync('nowhere', path)
    const wanted = 1_700_000_000_123_456_789n
    setTimesInSeconds(path, wanted, wanted + HOUR)
    const [atime = 0n, mtime = 0n] = times(path)
    expect(Math.abs(Number(atime - wanted))).toBeLessThan(1000)
    expect(Math.abs(Number(mtime - wanted - HOUR))).toBeLessThan(1000)
  })

  test('so are those of an open file', () => {
    const path = join(scratchFolder(), 'file')
    writeFileSync(path, '')
    const wanted = 1_700_000_000_123_456_789n
    setOpened(setTimesOfFileInSeconds, path, wanted, wanted + HOUR)
    const [atime = 0n, mtime = 0n] = times(path)
    expect(Math.abs(Number(atime - wanted))).toBeLessThan(1000)
    expect(Math.abs(Number(mtime - wanted - HOUR))).toBeLessThan(1000)
  })
})

test('the platform sets times one way or the other', () => {
  const path = join(scratchFolder(), 'file')
  writeFileSync(path, '')
  currentPlatform().setTimes(path, 0n, HOUR)
  expect(times(path)).toEqual([0n, HOUR])
  setOpened((fd, atime, mtime) => currentPlatform().setTimesOfFile(fd, atime, mtime), path, HOUR, 0n)
  expect(times(path)).toEqual([HOUR, 0n])
})
