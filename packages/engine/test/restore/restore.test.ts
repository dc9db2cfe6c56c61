import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isVarveError } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import type { Progress } from '@varve/platform'
import { FileMode } from '../../src/repository/file-mode.ts'
import { withLock } from '../../src/repository/lock.ts'
import { FIXTURE_BLOB_SIZE, noise } from '../fixtures/repository-fixture.ts'
import { aNode } from '../repository/a-node.ts'
import { contentOf, fifo, linkTo, RestoreFixture } from './restore-fixture.ts'

const isRoot = process.geteuid?.() === 0

describe('restore', () => {
  test('writes folders, files of no, one and many pieces, and links', async () => {
    const fixture = await RestoreFixture.create()
    const large = noise(FIXTURE_BLOB_SIZE * 20 + 17, 1)
    await fixture.snapshot({
      empty: '',
      small: 'small',
      'the same': 'small',
      large: fixture.file(large),
      link: linkTo('/nowhere/at all'),
      folder: fixture.folder({ inner: fixture.folder({ file: 'deep' }), 'empty folder': fixture.folder({}) }),
    })
    const report = await fixture.restore()
    expect(report).toMatchObject({
      target: fixture.target,
      filesRestored: 6,
      foldersRestored: 3,
      filesSkipped: 0,
      filesDeleted: 0,
      filesTotal: 6,
      bytesWritten: large.length + 14,
      bytesSkipped: 0,
      bytesTotal: large.length + 14,
      problems: 0,
    })
    expect(report.items).toEqual([
      'created empty',
      'created folder',
      'created folder/empty folder',
      'created folder/inner',
      'created folder/inner/file',
      'created large',
      'created link',
      'created small',
      'created the same',
    ])
    expect(readFileSync(join(fixture.target, 'large')).equals(large)).toBe(true)
    expect({ ...contentOf(fixture.target), large: '' }).toEqual({
      empty: '',
      small: 'small',
      'the same': 'small',
      large: '',
      link: '-> /nowhere/at all',
      folder: '/',
      'folder/inner': '/',
      'folder/inner/file': 'deep',
      'folder/empty folder': '/',
    })
  })

  test('makes hard links of files that were one', async () => {
    const fixture = await RestoreFixture.create()
    const linked = { links: 3n, inode: 7n, deviceId: 1n }
    await fixture.snapshot({
      a: fixture.file('linked', linked),
      folder: fixture.folder({ b: fixture.file('linked', linked) }),
      z: fixture.file('linked', linked),
      elsewhere: fixture.file('linked', { ...linked, deviceId: 2n }),
      // Two file systems may have the same device number when the snapshot comes from two machines.
      other: fixture.file('other content', linked),
    })
    const report = await fixture.restore()
    expect(report).toMatchObject({ filesRestored: 5, bytesTotal: 6 + 6 + 13, bytesWritten: 25, problems: 0 })
    const inode = (name: string) => statSync(join(fixture.target, name)).ino
    expect(inode('folder/b')).toBe(inode('a'))
    expect(inode('z')).toBe(inode('a'))
    expect(inode('elsewhere')).not.toBe(inode('a'))
    expect(contentOf(fixture.target)).toMatchObject({ other: 'other content', elsewhere: 'linked' })
  })

  test('makes FIFOs, leaves sockets out, and names what it cannot make', async () => {
    const fixture = await RestoreFixture.of({
      pipe: fifo(),
      socket: (name) => aNode({ name, type: 'socket' }),
      strange: (name) => aNode({ name, type: 'irregular' }),
    })
    const report = await fixture.restore()
    expect(lstatSync(join(fixture.target, 'pipe')).isFIFO()).toBe(true)
    expect(readdirSync(fixture.target)).toEqual(['pipe'])
    expect(report.items).toEqual(['created pipe', 'skipped socket'])
    expect(report.problemsAt).toEqual({ strange: 'it is of a kind that cannot be made' })
    expect(report).toMatchObject({ filesRestored: 1, filesSkipped: 1, filesTotal: 2, problems: 1 })
  })

  test.runIf(isRoot)('makes devices', async () => {
    const fixture = await RestoreFixture.of({
      block: (name) => aNode({ name, type: 'dev', mode: FileMode.device + 0o640, device: 259n * 256n + 3n }),
      character: (name) =>
        aNode({ name, type: 'chardev', mode: FileMode.device + FileMode.charDevice + 0o600, device: 0x103n }),
    })
    await fixture.restore()
    const stats = (name: string) => lstatSync(join(fixture.target, name), { bigint: true })
    expect(stats('block').isBlockDevice() && stats('block').rdev).toBe(259n * 256n + 3n)
    expect(Number(stats('block').mode) & 0o7777).toBe(0o640)
    expect(stats('character').isCharacterDevice() && stats('character').rdev).toBe(0x103n)
  })

  test('restores names that are not valid UTF-8, and long ones', async () => {
    const invalid = 'caf\udce9'
    const long = 'n'.repeat(255)
    const fixture = await RestoreFixture.create()
    await fixture.snapshot({
      [invalid]: fixture.folder({ [invalid]: 'x' }),
      [`link ${invalid}`]: linkTo(invalid),
      [long]: 'long',
    })
    expect(await fixture.restore()).toMatchObject({ problems: 0 })
    expect(readFileSync(toFsPath(`${fixture.target}/${invalid}/${invalid}`), 'utf8')).toBe('x')
    expect(readFileSync(join(fixture.target, long), 'utf8')).toBe('long')
    expect(existsSync(toFsPath(`${fixture.target}/link ${invalid}`))).toBe(true)
  })

  test('restores the longest paths that the system takes, and names those that it does not', async () => {
    const fixture = await RestoreFixture.create()
    // Paths have at most 4095 bytes on Linux, the target's included.
    const room = 4095 - fixture.target.length
    const name = 'd'.repeat(99)
    const depth = Math.floor((room - 4) / 100)
    const fits = 'f'.repeat(room - depth * 100 - 1)
    let entry = fixture.folder({ [fits]: 'fits', [`${fits}f`]: 'does not fit' })
    for (let i = 1; i < depth; i++) entry = fixture.folder({ [name]: entry })
    await fixture.snapshot({ [name]: entry })
    const report = await fixture.restore()
    const folder = `${name}/`.repeat(depth)
    expect(readFileSync(join(fixture.target, folder + fits), 'utf8')).toBe('fits')
    expect(report).toMatchObject({ filesRestored: 1, foldersRestored: depth, problems: 1 })
    expect(report.problemsAt[`${folder}${fits}f`]).toMatch(/ENAMETOOLONG/)
  })

  test('restores through a link that the target itself is', async () => {
    const fixture = await RestoreFixture.of({ file: 'x' })
    mkdirSync(join(fixture.scratch, 'real'))
    symlinkSync('real', fixture.target)
    const report = await fixture.restore()
    expect(report.target).toBe(join(fixture.scratch, 'real'))
    expect(contentOf(join(fixture.scratch, 'real'))).toEqual({ file: 'x' })
  })

  test('makes missing folders above the target', async () => {
    const fixture = await RestoreFixture.of({ file: 'x' })
    await fixture.restore({ target: join(fixture.target, 'a/b') })
    expect(contentOf(fixture.target)).toEqual({ a: '/', 'a/b': '/', 'a/b/file': 'x' })
  })

  test.each([
    ['a file', (path: string) => path],
    ['something in a file', (path: string) => join(path, 'inner')],
  ])('refuses a target that is %s', async (_, targetOf) => {
    const fixture = await RestoreFixture.of({ file: 'x' })
    writeFileSync(fixture.target, 'mine')
    const failure = await fixture.restore({ target: targetOf(fixture.target) }).catch((error: unknown) => error)
    expect(isVarveError(failure, 'ERR_VARVE_TARGET') && failure.message).toContain(fixture.target)
    expect(readFileSync(fixture.target, 'utf8')).toBe('mine')
  })

  test('verifies what it wrote when asked to', async () => {
    const fixture = await RestoreFixture.create()
    const linked = { links: 2n, inode: 7n }
    await fixture.snapshot({
      empty: '',
      file: 'x',
      a: fixture.file('linked', linked),
      b: fixture.file('linked', linked),
      large: fixture.file(noise(30_000, 1)),
    })
    expect(await fixture.restore({ verify: true })).toMatchObject({ filesVerified: 4, problems: 0 })
  })

  test('says how far it is, and in the end that all is done', async () => {
    const fixture = await RestoreFixture.create()
    await fixture.snapshot({
      file: 'x',
      large: fixture.file(noise(50_000, 1)),
      folder: fixture.folder({ link: linkTo('x') }),
    })
    const reports: Progress[] = []
    await fixture.restore({ onProgress: (progress) => reports.push(progress) })
    expect(reports.at(-1)).toMatchObject({
      phase: 'restoring',
      filesDone: 3,
      filesTotal: 3,
      bytesDone: 50_001,
      bytesTotal: 50_001,
      errors: 0,
    })
  })

  test.each([
    [{ include: ['a'], exclude: ['b'] }],
    [{ dryRun: true, verify: true }],
    [{ overwrite: 'sometimes' as 'never' }],
    [{ target: '' }],
    [{ target: '/', delete: true }],
    [{ include: ['['] }],
  ])('refuses options that make no sense: %j', async (options) => {
    const fixture = await RestoreFixture.of({ file: 'x' })
    const failure = await fixture.restore(options).catch((error: unknown) => error)
    expect(isVarveError(failure, 'ERR_VARVE_BAD_ARGUMENT')).toBe(true)
    expect(existsSync(fixture.target)).toBe(false)
  })

  test('takes a shared lock, unless told not to', async () => {
    const fixture = await RestoreFixture.of({ file: 'x' })
    const { repository } = fixture.repositories
    await withLock(repository, { exclusive: false }, async () => {
      expect(await fixture.restore({ noLock: false })).toMatchObject({ filesRestored: 1 })
    })
    await withLock(repository, { exclusive: true }, async () => {
      const failure = await fixture.restore({ noLock: false }).catch((error: unknown) => error)
      expect(isVarveError(failure, 'ERR_VARVE_LOCKED')).toBe(true)
      expect(await fixture.restore({ noLock: true })).toMatchObject({ filesSkipped: 1 })
    })
  })
})
