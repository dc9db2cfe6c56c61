import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FileMode, fileModeFromPosix, posixPermissions } from '../../src/repository/file-mode.ts'

describe('modes', () => {
  // Values that restic writes.
  test.each([
    ['a file', 0o100644, 420],
    ['a file that changes its user', 0o104755, 8_389_101],
    ['a folder', 0o040755, 2_147_484_141],
    ['a folder that all may write to', 0o041777, 2_148_532_735],
    ['a folder that passes on its group', 0o042755, 2_151_678_445],
    ['a symbolic link', 0o120777, 134_218_239],
    ['a block device', 0o060660, 67_109_296],
    ['a character device', 0o020600, 69_206_400],
    ['a pipe', 0o010600, 33_554_816],
    ['a socket', 0o140755, 16_777_709],
  ])('of %s', (_what, posix, mode) => {
    expect(fileModeFromPosix(posix)).toBe(mode)
    expect(posixPermissions(mode)).toBe(posix & 0o7777)
  })

  test('a type that nobody knows is irregular', () => {
    expect(fileModeFromPosix(0o150644)).toBe(FileMode.irregular + 0o644)
  })

  test('permissions come back from every mode', () => {
    fc.assert(
      fc.property(fc.nat(0o177777), (posix) => {
        const mode = fileModeFromPosix(posix)
        expect(posixPermissions(mode)).toBe(posix & 0o7777)
        expect(mode).toBeGreaterThanOrEqual(0)
        expect(mode).toBeLessThanOrEqual(0xffff_ffff)
      }),
    )
  })
})
