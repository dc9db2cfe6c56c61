import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseTimestamp } from '../../src/repository/timestamp.ts'
import type { OverwriteMode } from '../../src/restore/restore-options.ts'
import { FIXTURE_BLOB_SIZE, noise } from '../fixtures/repository-fixture.ts'
import { contentOf, fifo, linkTo, makeFiles, RestoreFixture, type Entries } from './restore-fixture.ts'

/** The time that the snapshot has for its files. */
const TIME = parseTimestamp('2020-06-01T00:00:00Z')
const OLDER = new Date('2020-05-31T00:00:00Z')
const SAME = new Date('2020-06-01T00:00:00Z')
const NEWER = new Date('2020-06-02T00:00:00Z')

/** A target that has a file of ten pieces, which the snapshot has with other content in the third. */
async function changedFile() {
  const fixture = await RestoreFixture.create()
  const wanted = noise(FIXTURE_BLOB_SIZE * 10, 1)
  await fixture.snapshot({ file: fixture.file(wanted, { mtime: TIME }) })
  const present = Buffer.from(wanted)
  present.fill(7, FIXTURE_BLOB_SIZE * 2, FIXTURE_BLOB_SIZE * 3)
  const path = join(fixture.target, 'file')
  makeFiles(fixture.target, { file: present })
  return { fixture, wanted, path, inode: statSync(path).ino }
}

describe('overwriting always', () => {
  test('writes only the pieces of a file that differ, in place', async () => {
    const { fixture, wanted, path, inode } = await changedFile()
    const report = await fixture.restore()
    expect(report).toMatchObject({
      filesRestored: 1,
      filesSkipped: 0,
      bytesWritten: FIXTURE_BLOB_SIZE,
      bytesSkipped: FIXTURE_BLOB_SIZE * 9,
      bytesTotal: FIXTURE_BLOB_SIZE * 10,
    })
    expect(report.items).toEqual(['updated file'])
    expect(readFileSync(path).equals(wanted)).toBe(true)
    expect(statSync(path)).toMatchObject({ ino: inode, mtime: SAME })
  })

  test.each([
    ['longer', 12_345],
    ['longer by nothing but zeros', 10_001],
    ['shorter', 4321],
    ['shorter by whole pieces', 3000],
    ['empty', 0],
  ])('makes a file that is %s what it was', async (_, size) => {
    const { fixture, wanted, path, inode } = await changedFile()
    truncateSync(path, size)
    expect(await fixture.restore({ verify: true })).toMatchObject({ filesRestored: 1, filesVerified: 1 })
    expect(readFileSync(path).equals(wanted)).toBe(true)
    expect(statSync(path).ino).toBe(inode)
  })

  test('empties a file that was empty', async () => {
    const fixture = await RestoreFixture.of({ file: '' })
    makeFiles(fixture.target, { file: 'no longer' })
    expect((await fixture.restore()).items).toEqual(['updated file'])
    expect(contentOf(fixture.target)).toEqual({ file: '' })
  })

  test('writes nothing where everything is right, but sets metadata', async () => {
    const fixture = await RestoreFixture.create()
    const linked = { links: 2n, inode: 7n, mtime: TIME }
    await fixture.snapshot({
      file: fixture.file('right', { mtime: TIME }),
      empty: '',
      link: linkTo('there'),
      pipe: fifo(),
      one: fixture.file('linked', linked),
      two: fixture.file('linked', linked),
      folder: fixture.folder({}, { mtime: TIME }),
    })
    await fixture.restore()
    const inodes = () => ['file', 'link', 'pipe', 'one', 'two'].map((name) => lstatSync(join(fixture.target, name)).ino)
    const before = inodes()
    chmodSync(join(fixture.target, 'file'), 0o600)
    utimesSync(join(fixture.target, 'file'), NEWER, NEWER)
    utimesSync(join(fixture.target, 'folder'), NEWER, NEWER)
    const report = await fixture.restore()
    expect(report).toMatchObject({
      filesRestored: 0,
      foldersRestored: 0,
      filesSkipped: 6,
      bytesWritten: 0,
      problems: 0,
    })
    expect(new Set(report.items.map((item) => item.split(' ')[0]))).toEqual(new Set(['unchanged']))
    expect(inodes()).toEqual(before)
    expect(statSync(join(fixture.target, 'file'))).toMatchObject({ mtime: SAME })
    expect(statSync(join(fixture.target, 'file')).mode & 0o777).toBe(0o644)
    expect(statSync(join(fixture.target, 'folder'))).toMatchObject({ mtime: SAME })
  })

  test('never writes into a file that has another name, but puts a new one in its place', async () => {
    const { fixture, wanted, path } = await changedFile()
    const outside = join(fixture.scratch, 'outside')
    linkSync(path, outside)
    const before = readFileSync(outside)
    const report = await fixture.restore()
    expect(readFileSync(outside).equals(before)).toBe(true)
    expect(readFileSync(path).equals(wanted)).toBe(true)
    expect(report).toMatchObject({ bytesWritten: wanted.length, problems: 0 })
  })

  test('joins hard links again that have come apart', async () => {
    const fixture = await RestoreFixture.create()
    const linked = { links: 2n, inode: 7n }
    await fixture.snapshot({ one: fixture.file('linked', linked), two: fixture.file('linked', linked) })
    makeFiles(fixture.target, { one: 'linked', two: 'linked' })
    expect((await fixture.restore()).items).toEqual(['unchanged one', 'updated two'])
    expect(statSync(join(fixture.target, 'two')).ino).toBe(statSync(join(fixture.target, 'one')).ino)
  })

  test('updates files that nobody may write, in folders that nobody may write', async () => {
    const fixture = await RestoreFixture.create()
    await fixture.snapshot({ folder: fixture.folder({ file: 'new', other: 'made' }) })
    makeFiles(fixture.target, { 'folder/file': 'old' })
    chmodSync(join(fixture.target, 'folder/file'), 0o400)
    chmodSync(join(fixture.target, 'folder'), 0o500)
    expect(await fixture.restore()).toMatchObject({ filesRestored: 2, problems: 0 })
    expect(contentOf(fixture.target)).toEqual({ folder: '/', 'folder/file': 'new', 'folder/other': 'made' })
    expect(statSync(join(fixture.target, 'folder/file')).mode & 0o777).toBe(0o644)
    expect(statSync(join(fixture.target, 'folder')).mode & 0o777).toBe(0o755)
  })
})

describe('what stands in the way', () => {
  /** Kinds of things that may be in an entry's place, and how to make them. */
  const OBSTACLES: Readonly<Record<string, (path: string) => void>> = {
    file: (path) => writeFileSync(path, 'in the way'),
    'empty folder': (path) => mkdirSync(path),
    link: (path) => symlinkSync('nowhere', path),
    'link to a folder': (path) => symlinkSync('/tmp', path),
  }

  test('files, links and empty folders give way to entries of every kind', async () => {
    const fixture = await RestoreFixture.create()
    const linked = { links: 9n, inode: 7n }
    const kinds: Entries = {
      file: fixture.file('content'),
      'large file': fixture.file(noise(5000, 1)),
      folder: fixture.folder({ inner: 'content' }),
      link: linkTo('target'),
      pipe: fifo(),
      'hard link': fixture.file('linked', linked),
    }
    const folders = Object.fromEntries(Object.keys(OBSTACLES).map((name) => [name, fixture.folder(kinds)]))
    await fixture.snapshot({ a: fixture.file('linked', linked), ...folders })
    for (const [name, make] of Object.entries(OBSTACLES)) {
      mkdirSync(join(fixture.target, name), { recursive: true })
      for (const kind of Object.keys(kinds)) make(join(fixture.target, name, kind))
    }
    expect(await fixture.restore({ verify: true })).toMatchObject({ problems: 0 })

    const fresh = join(fixture.scratch, 'fresh')
    await fixture.restore({ target: fresh })
    expect(contentOf(fixture.target)).toEqual(contentOf(fresh))
    expect(Object.keys(contentOf(fresh))).toHaveLength(1 + 4 * 8)
  })

  test.each(['file', 'link', 'hard link'])('a folder with something in it stays where a %s belongs', async (wanted) => {
    const fixture = await RestoreFixture.create()
    const linked = { links: 2n, inode: 7n }
    const entry = { file: fixture.file('x'), link: linkTo('x'), 'hard link': fixture.file('linked', linked) }[wanted]
    if (entry === undefined) throw new Error(wanted)
    await fixture.snapshot({ a: fixture.file('linked', linked), thing: entry })
    makeFiles(fixture.target, { 'thing/precious': 'mine' })
    const report = await fixture.restore()
    expect(contentOf(fixture.target)).toEqual({ a: 'linked', thing: '/', 'thing/precious': 'mine' })
    expect(report.problemsAt).toEqual({ thing: expect.stringContaining('not empty') })

    const deleting = await fixture.restore({ delete: true })
    expect(deleting).toMatchObject({ problems: 0 })
    expect(lstatSync(join(fixture.target, 'thing')).isDirectory()).toBe(false)
  })
})

describe.each<[OverwriteMode, 'kept' | 'restored', 'kept' | 'restored', 'kept' | 'restored']>([
  ['always', 'restored', 'restored', 'restored'],
  ['if-changed', 'restored', 'kept', 'restored'],
  ['if-newer', 'restored', 'kept', 'kept'],
  ['never', 'kept', 'kept', 'kept'],
])('overwriting %s', (overwrite, older, same, newer) => {
  test.each([
    ['older', OLDER, older],
    ['as old', SAME, same],
    ['newer', NEWER, newer],
  ])('a file that is %s', async (_, time, outcome) => {
    const fixture = await RestoreFixture.create()
    await fixture.snapshot({ file: fixture.file('wanted', { mtime: TIME }), missing: 'made' })
    makeFiles(fixture.target, { file: 'my own' })
    utimesSync(join(fixture.target, 'file'), time, time)
    const report = await fixture.restore({ overwrite })
    expect(contentOf(fixture.target)).toEqual({ file: outcome === 'kept' ? 'my own' : 'wanted', missing: 'made' })
    expect(report).toMatchObject({ filesTotal: 2, filesRestored: outcome === 'kept' ? 1 : 2, problems: 0 })
  })
})

describe('overwriting less than always', () => {
  test('if-changed believes size and time, but sets other metadata', async () => {
    const { fixture, path } = await changedFile()
    utimesSync(path, SAME, SAME)
    chmodSync(path, 0o600)
    const before = readFileSync(path)
    const report = await fixture.restore({ overwrite: 'if-changed' })
    expect(report.items).toEqual(['unchanged file'])
    expect(readFileSync(path).equals(before)).toBe(true)
    expect(statSync(path).mode & 0o777).toBe(0o644)
  })

  test('verifying tells when if-changed believed too much', async () => {
    const { fixture, path } = await changedFile()
    utimesSync(path, SAME, SAME)
    const report = await fixture.restore({ overwrite: 'if-changed', verify: true })
    expect(report).toMatchObject({ filesVerified: 0, problems: 1 })
    expect(report.problemsAt['file']).toMatch(/not what the snapshot has/)
  })

  test('if-newer and never leave metadata alone', async () => {
    for (const overwrite of ['if-newer', 'never'] as const) {
      const { fixture, path } = await changedFile()
      utimesSync(path, NEWER, NEWER)
      chmodSync(path, 0o600)
      const report = await fixture.restore({ overwrite })
      expect(report.items).toEqual(['skipped file'])
      expect(report).toMatchObject({ bytesSkipped: 10_000, bytesTotal: 10_000 })
      expect(statSync(path)).toMatchObject({ mtime: NEWER })
      expect(statSync(path).mode & 0o777).toBe(0o600)
    }
  })

  test('a link is restored as one, whatever it leads to', async () => {
    const fixture = await RestoreFixture.of({ link: linkTo('wanted', { mtime: TIME }) })
    mkdirSync(fixture.target)
    symlinkSync('mine', join(fixture.target, 'link'))
    for (const overwrite of ['never', 'if-newer'] as const) await fixture.restore({ overwrite })
    expect(readlinkSync(join(fixture.target, 'link'))).toBe('mine')
    await fixture.restore({ overwrite: 'always' })
    expect(readlinkSync(join(fixture.target, 'link'))).toBe('wanted')
  })

  test('never and if-newer protect what is there where a folder belongs', async () => {
    const fixture = await RestoreFixture.create()
    await fixture.snapshot({ folder: fixture.folder({ file: 'x' }, { mtime: TIME }), other: 'x' })
    makeFiles(fixture.target, { folder: 'mine' })
    for (const overwrite of ['never', 'if-newer'] as const) {
      const report = await fixture.restore({ overwrite })
      expect(contentOf(fixture.target)).toEqual({ folder: 'mine', other: 'x' })
      expect(report.problemsAt).toEqual({ folder: expect.stringContaining(overwrite) })
    }
  })

  test('a later hard link is not joined to a file that was left alone', async () => {
    const fixture = await RestoreFixture.create()
    const linked = { links: 2n, inode: 7n }
    await fixture.snapshot({ one: fixture.file('linked', linked), two: fixture.file('linked', linked) })
    makeFiles(fixture.target, { one: 'mine' })
    await fixture.restore({ overwrite: 'never' })
    expect(contentOf(fixture.target)).toEqual({ one: 'mine', two: 'linked' })
  })
})
