import {
  chmodSync,
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
import { isVarveError } from '../../src/errors.ts'
import { toFsPath } from '../../src/platform/file-name.ts'
import { currentPlatform } from '../../src/platform/current-platform.ts'
import type { Progress } from '../../src/progress.ts'
import { FileMode } from '../../src/repository/file-mode.ts'
import { withLock } from '../../src/repository/lock.ts'
import type { Node } from '../../src/repository/node.ts'
import { parseTimestamp, ZERO_TIME } from '../../src/repository/timestamp.ts'
import { FIXTURE_BLOB_SIZE, noise } from '../fixtures/repository-fixture.ts'
import { aNode } from '../repository/a-node.ts'
import { contentOf, fifo, linkTo, RestoreFixture } from './restore-fixture.ts'

const { extendedAttributes } = currentPlatform()
const isRoot = process.geteuid?.() === 0

/** Times of a moment that differs from others by its second. */
function times(second: string): Pick<Node, 'mtime' | 'atime'> {
  return {
    mtime: parseTimestamp(`2001-02-03T04:05:${second}.123456789Z`),
    atime: parseTimestamp(`2002-02-03T04:05:${second}.987654321Z`),
  }
}

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

  test('sets times to the nanosecond, also those of folders and links, and far away ones', async () => {
    const fixture = await RestoreFixture.create()
    await fixture.snapshot({
      file: fixture.file('x', times('01')),
      many: fixture.file(noise(5000, 1), times('02')),
      link: linkTo('file', times('03')),
      folder: fixture.folder({ file: 'x', other: fixture.folder({}) }, times('04')),
      old: fixture.file('', { mtime: parseTimestamp('1911-01-01T00:00:00.000000001Z') }),
      unknown: fixture.file('', { mtime: ZERO_TIME, atime: ZERO_TIME }),
      'only changed': fixture.file('', { mtime: parseTimestamp('2001-01-01T00:00:00Z'), atime: ZERO_TIME }),
      future: fixture.file('', { mtime: parseTimestamp('2300-01-01T00:00:00.999999999Z') }),
    })
    await fixture.restore()
    const timesOf = (name: string) => {
      const { mtimeNs, atimeNs } = lstatSync(join(fixture.target, name), { bigint: true })
      return { mtimeNs, atimeNs }
    }
    expect(['file', 'many', 'link', 'folder'].map(timesOf)).toEqual(
      [0n, 1n, 2n, 3n].map((second) => ({
        mtimeNs: 981173101123456789n + second * 1_000_000_000n,
        atimeNs: 1012709101987654321n + second * 1_000_000_000n,
      })),
    )
    expect(timesOf('unknown').mtimeNs).toBeGreaterThan(1_700_000_000_000_000_000n)
    expect(timesOf('only changed').atimeNs).toBe(timesOf('only changed').mtimeNs)
    expect(timesOf('old').mtimeNs).toBe(-1861920000n * 1_000_000_000n + 1n)
    expect(timesOf('future').mtimeNs).toBe(10413792000999999999n)
  })

  test('sets modes, special bits among them, whatever the umask', async () => {
    const fixture = await RestoreFixture.create()
    const before = process.umask(0o077)
    try {
      await fixture.snapshot({
        open: fixture.file('x', { mode: 0o666 }),
        setuid: fixture.file('x', { mode: FileMode.setuid + 0o755 }),
        setgid: fixture.file(noise(3000, 1), { mode: FileMode.setgid + 0o755 }),
        closed: fixture.file('x', { mode: 0 }),
        readable: fixture.folder({ file: 'x' }, { mode: FileMode.dir + 0o555 }),
        sticky: fixture.folder({}, { mode: FileMode.dir + FileMode.sticky + 0o777 }),
      })
      expect(await fixture.restore()).toMatchObject({ problems: 0 })
    } finally {
      process.umask(before)
    }
    const mode = (name: string) => (statSync(join(fixture.target, name)).mode & 0o7777).toString(8)
    expect(['open', 'setuid', 'setgid', 'closed', 'readable', 'sticky'].map(mode)).toEqual([
      '666',
      '4755',
      '2755',
      '0',
      '555',
      '1777',
    ])
    chmodSync(join(fixture.target, 'readable'), 0o755)
  })

  test.runIf(isRoot)('sets owners before modes, also of links', async () => {
    const fixture = await RestoreFixture.create()
    const owner = { uid: 54321, gid: 65432 }
    await fixture.snapshot({
      file: fixture.file('x', { ...owner, mode: FileMode.setuid + 0o755 }),
      folder: fixture.folder({}, owner),
      link: linkTo('file', owner),
    })
    await fixture.restore()
    const owners = ['file', 'folder', 'link'].map((name) => lstatSync(join(fixture.target, name)))
    expect(owners).toMatchObject([owner, owner, owner])
    expect(statSync(join(fixture.target, 'file')).mode & 0o7777).toBe(0o4755)
  })

  test.runIf(extendedAttributes !== undefined)('sets extended attributes', async () => {
    const fixture = await RestoreFixture.create()
    const attributes = [
      { name: 'user.binary', value: Uint8Array.of(0, 255, 1) },
      { name: 'user.empty', value: new Uint8Array() },
    ]
    await fixture.snapshot({
      file: fixture.file('x', { extendedAttributes: attributes }),
      many: fixture.file(noise(3000, 1), { extendedAttributes: attributes.slice(1) }),
      folder: fixture.folder({}, { extendedAttributes: attributes }),
    })
    expect(await fixture.restore()).toMatchObject({ problems: 0 })
    const sorted = (name: string) =>
      (extendedAttributes?.read(join(fixture.target, name)) ?? []).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    expect(sorted('file')).toEqual(attributes)
    expect(sorted('many')).toEqual(attributes.slice(1))
    expect(sorted('folder')).toEqual(attributes)
  })

  test.runIf(extendedAttributes !== undefined)(
    'takes away the attributes that a folder of the target gives',
    async () => {
      const fixture = await RestoreFixture.create()
      await fixture.snapshot({
        outer: fixture.folder({ file: 'x', inner: fixture.folder({ large: fixture.file(noise(3000, 1)) }) }),
      })
      const outer = join(fixture.target, 'outer')
      mkdirSync(outer, { recursive: true })
      // A default access control list (acl(5)), by which user 54321 may do everything with what is made in the folder.
      const list = Buffer.from(
        '02000000' +
          '01000700ffffffff' +
          '0200070031d40000' +
          '04000500ffffffff' +
          '10000700ffffffff' +
          '20000500ffffffff',
        'hex',
      )
      extendedAttributes?.replace(outer, [{ name: 'system.posix_acl_default', value: list }])
      expect(await fixture.restore()).toMatchObject({ problems: 0 })
      for (const name of ['', 'file', 'inner', 'inner/large']) {
        expect({ name, attributes: extendedAttributes?.read(join(outer, name)) }).toEqual({ name, attributes: [] })
      }
      expect(statSync(join(outer, 'inner/large')).mode & 0o777).toBe(0o644)
    },
  )

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

  test('gives a target that it makes the metadata of the folder, and leaves that of another alone', async () => {
    const fixture = await RestoreFixture.create()
    const mtime = parseTimestamp('2001-01-01T00:00:00Z')
    await fixture.snapshot({ source: fixture.folder({ file: 'x' }, { mode: FileMode.dir + 0o711, mtime }) })
    await fixture.restore({ layout: 'content' })
    expect(statSync(fixture.target)).toMatchObject({ mtimeMs: Date.UTC(2001) })
    expect(statSync(fixture.target).mode & 0o7777).toBe(0o711)

    const other = join(fixture.scratch, 'other')
    mkdirSync(other, { mode: 0o750 })
    await fixture.restore({ layout: 'content', target: other })
    expect(statSync(other).mode & 0o7777).toBe(0o750)
    expect(statSync(other).mtimeMs).toBeGreaterThan(Date.UTC(2020))
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
