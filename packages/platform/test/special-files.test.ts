import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { linuxLibC } from '../src/linux-libc.ts'
import { linuxMakeSpecial } from '../src/linux-special-files.ts'
import { makeSpecialByCommand, type MakeSpecial } from '../src/special-file-command.ts'
import { scratchFolder } from '../../../test/scratch-folder.ts'

const result = process.platform === 'linux' ? linuxLibC() : { missing: 'not Linux' }
const isRoot = process.getuid?.() === 0

const ways: readonly (readonly [string, MakeSpecial | undefined])[] = [
  ['the C library', 'libc' in result ? linuxMakeSpecial(result.libc) : undefined],
  [
    'the C library, without mknod',
    'libc' in result ? linuxMakeSpecial({ ...result.libc, mknod: undefined }) : undefined,
  ],
  ['commands', process.platform === 'win32' ? undefined : makeSpecialByCommand],
]

describe.each(ways)('by %s', (_, makeSpecial) => {
  test('a FIFO', ({ skip }) => {
    if (makeSpecial === undefined) {
      skip()
      return
    }
    const path = join(scratchFolder(), '-m fifo')
    makeSpecial(path, 'fifo', 0n)
    const stats = lstatSync(path)
    expect(stats.isFIFO()).toBe(true)
    expect(stats.mode & 0o777).toBe(0o600)
  })

  test('device nodes, with numbers of any size', ({ skip }) => {
    if (makeSpecial === undefined || !isRoot || process.platform !== 'linux') {
      skip()
      return
    }
    const folder = scratchFolder()
    for (const device of [0x103n, 0xffn << 12n, (0xfffn << 8n) | 0xffn, 0xabc_123_45n]) {
      const path = join(folder, String(device))
      try {
        makeSpecial(path, 'chardev', device)
        makeSpecial(`${path}-block`, 'dev', device)
      } catch (error) {
        // Root of a container need not be allowed to.
        if (error instanceof Error && /EPERM|not permitted/.test(error.message)) {
          skip()
          return
        }
        throw error
      }
      const stats = lstatSync(path, { bigint: true })
      expect([stats.isCharacterDevice(), stats.rdev, stats.mode & 0o777n]).toEqual([true, device, 0o600n])
      expect(lstatSync(`${path}-block`).isBlockDevice()).toBe(true)
    }
  })

  test('nothing in place of what exists', ({ skip }) => {
    if (makeSpecial === undefined) {
      skip()
      return
    }
    const path = join(scratchFolder(), 'fifo')
    makeSpecial(path, 'fifo', 0n)
    expect(() => makeSpecial(path, 'fifo', 0n)).toThrow(/exist/i)
  })
})

test('a command cannot be given a name that is not valid Unicode', () => {
  expect(() => makeSpecialByCommand('/nowhere/\udcff', 'fifo', 0n)).toThrow('not valid UTF-8')
})
