import { execFileSync, spawnSync } from 'node:child_process'
import { lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { currentPlatform } from '../src/current-platform.ts'
import { loadNodeFfi } from '../src/node-ffi.ts'
import { posixPlatform } from '../src/posix.ts'
import { processExists } from '../src/process-exists.ts'
import { windowsPlatform } from '../src/windows.ts'
import { scratchFolder } from '../../../test/scratch-folder.ts'

describe('the current platform', () => {
  test('is one object', () => {
    expect(currentPlatform()).toBe(currentPlatform())
    expect(currentPlatform().hostName()).toBe(hostname())
  })

  test('has extended attributes, or says why not', () => {
    const { extendedAttributes, extendedAttributesMissing } = currentPlatform()
    expect((extendedAttributes === undefined) !== (extendedAttributesMissing === undefined)).toBe(true)
  })
})

describe('POSIX', () => {
  const platform = posixPlatform('linux')

  test.each([
    ['/', []],
    ['/a', ['a']],
    ['/a/b', ['a', 'b']],
    ['//a/./b/../c/', ['a', 'c']],
    ['/caf\udce9/x', ['caf\udce9', 'x']],
  ])('components of %s', (path, components) => {
    expect(platform.pathComponents(path)).toEqual(components)
  })

  test('modes are those of POSIX', ({ skip }) => {
    if (process.platform === 'win32') {
      skip()
      return
    }
    const folder = scratchFolder()
    mkdirSync(join(folder, 'dir'), { mode: 0o750 })
    symlinkSync('x', join(folder, 'link'))
    const mode = (name: string): number => platform.posixMode(lstatSync(join(folder, name), { bigint: true }))
    expect(mode('dir')).toBe(0o040750)
    expect(mode('link') & 0o170000).toBe(0o120000)
  })

  test('elsewhere than on Linux, there are no extended attributes but the rest works', ({ skip }) => {
    if (process.platform === 'win32') {
      skip()
      return
    }
    const other = posixPlatform('darwin')
    expect(other.extendedAttributes).toBeUndefined()
    expect(other.extendedAttributesMissing).toContain('darwin')
    const path = join(scratchFolder(), 'fifo')
    other.makeSpecial(path, 'fifo', 0n)
    other.setTimes(path, 1_000_000_000n, 2_000_000_000n)
    other.setOwner(path, process.getuid?.() ?? 0, process.getgid?.() ?? 0)
    expect(lstatSync(path, { bigint: true })).toMatchObject({ atimeNs: 1_000_000_000n, mtimeNs: 2_000_000_000n })
  })

  test('owners are set on a link itself', ({ skip }) => {
    if (process.getuid?.() !== 0) {
      skip()
      return
    }
    const folder = scratchFolder()
    writeFileSync(join(folder, 'file'), '')
    symlinkSync('file', join(folder, 'link'))
    platform.setOwner(join(folder, 'link'), 1234, 2345)
    expect(lstatSync(join(folder, 'link'))).toMatchObject({ uid: 1234, gid: 2345 })
    expect(lstatSync(join(folder, 'file')).uid).toBe(0)
  })

  test('without node:ffi the reason is told', ({ skip }) => {
    if (process.platform !== 'linux') {
      skip()
      return
    }
    const module = new URL('../src/current-platform.ts', import.meta.url).href
    const program = `const { currentPlatform } = await import('${module}')
      console.log(currentPlatform().extendedAttributesMissing)
      currentPlatform().setTimes(process.argv[1], 0n, 0n)`
    const commandLine = [
      '--no-experimental-ffi',
      '--conditions=varve-source',
      '--input-type=module',
      '-e',
      program,
      scratchFolder(),
    ]
    expect(execFileSync(process.execPath, commandLine, { encoding: 'utf8' })).toContain('node:ffi')
  })
})

describe('Windows', () => {
  const platform = windowsPlatform()

  test.each([
    [String.raw`C:\a\b`, ['C', 'a', 'b']],
    ['C:/a/./b/../c/', ['C', 'a', 'c']],
    ['d:\\', ['d']],
    [String.raw`\\server\share\a`, [String.raw`\\server\share`, 'a']],
  ])('components of %s', (path, components) => {
    expect(platform.pathComponents(path)).toEqual(components)
  })

  test('has neither owners nor special files', () => {
    expect([platform.accounts.userName(0), platform.accounts.groupName(0)]).toEqual(['', ''])
    expect(platform.accounts.currentUser()).toMatchObject({ uid: 0, gid: 0 })
    expect(() => platform.makeSpecial('x', 'fifo', 0n)).toThrow('fifo')
    expect(platform.extendedAttributesMissing).toContain('Windows')
  })
})

describe('processes', () => {
  test('this one and its parent are alive', () => {
    expect(processExists(process.pid)).toBe(true)
    expect(processExists(process.ppid)).toBe(true)
  })

  test('one that has ended is not, nor are numbers that name no process', () => {
    const { pid } = spawnSync(process.execPath, ['--version'])
    expect([pid, 0, -1, -process.pid, 1.5, Number.NaN, 2 ** 40].map(processExists)).toEqual(Array(7).fill(false))
  })
})

test('loading node:ffi leaves the way in which Node warns as it was', () => {
  const before = Object.getOwnPropertyDescriptor(process, 'emitWarning')
  loadNodeFfi()
  expect(Object.getOwnPropertyDescriptor(process, 'emitWarning')).toEqual(before)
})
