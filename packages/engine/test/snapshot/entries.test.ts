import { execFileSync } from 'node:child_process'
import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { currentPlatform } from '@varve/platform'
import { compareNames, nameFromBytes, toFsPath } from '@varve/platform/file-name'
import { fileModeFromPosix } from '../../src/repository/file-mode.ts'
import { timestampFromNanoseconds } from '../../src/repository/timestamp.ts'
import { leaveSocket, makeDeepFile, makeHardFolder, makeManyFiles } from '../fixtures/hard-folder.ts'
import { noise } from '../fixtures/repository-fixture.ts'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { cheapRepository } from '../repository/cheap-repository.ts'
import { contentOf, madeSnapshot, SnapshotContent, storedBlobs, storedPacks, takeSnapshot } from './take-snapshot.ts'

const TARGETS = ['nowhere', '/absolute', '../<&>', 'new\nline\x01', '../\udcff', '\u2028\u{1f600}']

/** Works in a folder until the test ends. A source is named from there, so that the folders around it are no part of the snapshot. */
function workIn(folder: string): void {
  const before = process.cwd()
  process.chdir(folder)
  onTestFinished(() => process.chdir(before))
}

/** Paths from `folder` of all that is in it, at any depth. */
function pathsIn(folder: string, inner = ''): readonly string[] {
  return readdirSync(toFsPath(join(folder, inner)), { encoding: 'buffer' }).flatMap((name) => {
    const path = join(inner, nameFromBytes(name))
    return lstatSync(toFsPath(join(folder, path))).isDirectory() ? [path, ...pathsIn(folder, path)] : [path]
  })
}

describe('a folder with all that is hard', () => {
  test('is in the snapshot as it is in the file system', async () => {
    const folder = join(scratchFolder(), 'hard')
    makeHardFolder(folder, TARGETS)
    const content = await contentOf(await cheapRepository(), folder)
    expect(content.problems).toEqual([])
    expect(content.paths.toSorted()).toEqual(pathsIn(folder).toSorted())
    const platform = currentPlatform()
    for (const [path, node] of content.nodes) {
      const where = join(folder, path)
      const stats = lstatSync(toFsPath(where), { bigint: true })
      expect(node).toMatchObject({
        mode: fileModeFromPosix(Number(stats.mode)),
        mtime: timestampFromNanoseconds(stats.mtimeNs),
        ctime: timestampFromNanoseconds(stats.ctimeNs),
        uid: Number(stats.uid),
        gid: Number(stats.gid),
        inode: stats.ino,
        deviceId: stats.dev,
      })
      const attributes = platform.extendedAttributes?.read(where) ?? []
      expect(node.extendedAttributes.map(({ name, value }) => [name, value && Buffer.from(value)])).toEqual(
        attributes.map(({ name, value }) => [name, value && Buffer.from(value)]),
      )
    }
    const files = [...content.nodes].filter(([, { type }]) => type === 'file').map(([path]) => path)
    for (const path of files)
      expect(await content.text(path)).toBe(readFileSync(toFsPath(join(folder, path)), 'latin1'))
    expect(TARGETS.map((_, index) => content.node(`links/${index}`).linkTarget)).toEqual(TARGETS)
    expect([...new Set(content.nodes.values())].filter(({ type }) => type === 'dir').length).toBeGreaterThan(6)
    expect(content.result.summary).toMatchObject({
      filesNew: files.length,
      filesChanged: 0,
      filesUnmodified: 0,
    })
  })

  test('adds nothing a second time', async () => {
    workIn(scratchFolder())
    makeHardFolder('hard', TARGETS)
    const repository = await cheapRepository()
    const first = await takeSnapshot(repository, { paths: ['hard'] })
    const packs = await storedPacks(repository)
    const second = await takeSnapshot(repository, { paths: ['hard'] })
    expect(madeSnapshot(second).tree).toBe(madeSnapshot(first).tree)
    expect(madeSnapshot(second).parent).toBe(madeSnapshot(first).id)
    expect(await storedPacks(repository)).toEqual(packs)
    const { filesNew, dirsNew, totalBytesProcessed } = first.result.summary
    expect(second.result.summary).toMatchObject({
      filesNew: 0,
      filesChanged: 0,
      filesUnmodified: filesNew,
      dirsNew: 0,
      dirsChanged: 0,
      dirsUnmodified: dirsNew,
      dataBlobs: 0,
      treeBlobs: 0,
      dataAdded: 0,
      dataAddedPacked: 0,
      totalBytesProcessed,
    })
    expect(second.items.every(({ action }) => action === 'unmodified')).toBe(true)
  })
})

test('an empty folder is an entry, also as the only source', async () => {
  const folder = scratchFolder()
  const content = await contentOf(await cheapRepository(), folder)
  expect(content.node('').type).toBe('dir')
  expect(content.paths).toEqual([])
  mkdirSync(join(folder, 'a/b/c'), { recursive: true })
  expect((await contentOf(await cheapRepository(), folder)).paths).toEqual(['a', 'a/b', 'a/b/c'])
})

test('links to folders are entries, and what they lead to is not in the snapshot', async () => {
  const folder = scratchFolder()
  for (const inner of ['source', 'elsewhere']) mkdirSync(join(folder, inner))
  writeFileSync(join(folder, 'elsewhere', 'secret'), 'secret')
  for (const [name, target] of Object.entries({ out: '../elsewhere', up: '..', loop: 'loop', here: '.' }))
    symlinkSync(target, join(folder, 'source', name))
  const content = await contentOf(await cheapRepository(), join(folder, 'source'))
  expect(content.problems).toEqual([])
  expect(content.paths).toEqual(['here', 'loop', 'out', 'up'])
  expect([...content.nodes.values()].filter(({ type }) => type !== 'symlink')).toEqual([content.node('')])
  expect(content.node('out').linkTarget).toBe('../elsewhere')
})

test('a link that is the source is an entry too', async () => {
  const folder = scratchFolder()
  mkdirSync(join(folder, 'real'))
  writeFileSync(join(folder, 'real', 'file'), 'content')
  symlinkSync('real', join(folder, 'link'))
  const repository = await cheapRepository()
  const content = await contentOf(repository, join(folder, 'link'))
  expect(content.node('')).toMatchObject({ type: 'symlink', linkTarget: 'real' })
  expect(content.nodes.size).toBe(1)
  const below = await contentOf(repository, join(folder, 'link', 'file'))
  expect(await (await SnapshotContent.read(repository, madeSnapshot(below), folder)).text('link/file')).toBe('content')
})

test('hard links are entries with the same content and inode', async () => {
  const folder = scratchFolder()
  makeHardFolder(join(folder, 'hard'), [])
  const content = await contentOf(await cheapRepository(), folder)
  const [one, other] = ['hard/kinds/one', 'hard/kinds/other'].map((path) => content.node(path))
  expect(one).toMatchObject({ links: 2n, size: 6n })
  expect(other).toEqual({ ...one, name: 'other' })
})

test('sockets are left out unless asked for', async () => {
  const folder = scratchFolder()
  leaveSocket(join(folder, 'socket'))
  writeFileSync(join(folder, 'file'), '')
  const without = await contentOf(await cheapRepository(), folder)
  expect(without.paths).toEqual(['file'])
  expect(without.problems).toEqual([])
  const repository = await cheapRepository()
  const content = await contentOf(repository, folder, { withSockets: true })
  expect(content.paths).toEqual(['file', 'socket'])
  expect(content.node('socket')).toMatchObject({ type: 'socket', content: null, size: 0n })
})

describe('paths as long as the system takes them', () => {
  test('are saved', async () => {
    const folder = scratchFolder()
    const path = makeDeepFile(folder, 4095 - folder.length - 1)
    expect(Buffer.byteLength(join(folder, path))).toBe(4095)
    const content = await contentOf(await cheapRepository(), folder)
    expect(content.problems).toEqual([])
    expect(await content.text(path)).toBe('deep')
  })

  test('and what lies beyond is reported, while the rest is saved', async () => {
    const folder = scratchFolder()
    const path = makeDeepFile(folder, 4095 - folder.length - 1)
    const parent = join(folder, path, '..')
    // Its name is longer than that of the file beside it, and is only reached from within.
    execFileSync('touch', ['g'.repeat(250)], { cwd: parent })
    const content = await contentOf(await cheapRepository(), folder)
    expect(content.problems).toEqual([{ path: join(parent, 'g'.repeat(250)), message: 'name too long (ENAMETOOLONG)' }])
    expect(await content.text(path)).toBe('deep')
  })
})

test('folders a thousand levels deep', async () => {
  const folder = scratchFolder()
  const path = Array.from({ length: 1000 }, () => 'd').join('/')
  mkdirSync(join(folder, path), { recursive: true })
  writeFileSync(join(folder, path, 'f'), 'deep')
  const content = await contentOf(await cheapRepository(), folder)
  expect(content.nodes.size).toBe(1002)
  expect(await content.text(`${path}/f`)).toBe('deep')
})

describe('several sources', () => {
  test('lie in one snapshot, each below its folders', async () => {
    const folder = scratchFolder()
    workIn(folder)
    for (const inner of ['a/x', 'b/y', 'c']) mkdirSync(inner, { recursive: true })
    for (const file of ['a/x/file', 'b/y/file', 'c/file', 'c/other']) writeFileSync(file, file)
    const repository = await cheapRepository()
    const paths = ['a/x', 'b', 'c/file']
    const stored = madeSnapshot(await takeSnapshot(repository, { paths }))
    expect(stored.paths).toEqual(paths.map((path) => join(folder, path)))
    const content = await SnapshotContent.read(repository, stored)
    expect(content.paths).toEqual(['a', 'b', 'c', 'a/x', 'a/x/file', 'b/y', 'b/y/file', 'c/file'])
    expect(content.node('c').mtime).toBe(timestampFromNanoseconds(lstatSync('c', { bigint: true }).mtimeNs))
    const again = await takeSnapshot(repository, { paths })
    expect(again.result.summary).toMatchObject({ treeBlobs: 0, filesUnmodified: 3 })
  })

  test('of which one is missing: it is reported and not named in the snapshot', async () => {
    const folder = scratchFolder()
    const [there, missing, inFile] = ['there', 'missing', 'there/below'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ]
    writeFileSync(there, 'content')
    const taken = await takeSnapshot(await cheapRepository(), { paths: [missing, there, inFile] })
    expect(madeSnapshot(taken).paths).toEqual([there])
    expect(taken.problems).toEqual([missing, inFile].map((path) => ({ path, message: 'it does not exist' })))
    expect(taken.result.problems).toBe(2)
  })

  test.each<[string, readonly string[], string]>([
    ['none', [], 'there is nothing to save: no source was named'],
    ['a missing one', ['%/missing'], "nothing to save: '%/missing' does not exist"],
    ['two missing ones', ['%/a', '%/b'], "nothing to save: '%/a', '%/b' does not exist"],
    ['an empty name', [''], "nothing to save: '' does not exist"],
    ['a name that is too long', [`/${'x'.repeat(300)}`], `'/${'x'.repeat(300)}' cannot be saved: name too long`],
    ['a name with a NUL', ['/a\0b'], "'/a\0b' cannot be saved"],
  ])('that are %s are refused', async (_, paths, message) => {
    const folder = scratchFolder()
    const repository = await cheapRepository()
    await expect(
      takeSnapshot(repository, { paths: paths.map((path) => path.replace('%', folder)) }),
    ).rejects.toMatchObject({
      code: 'ERR_VARVE_SOURCE',
      message: expect.stringContaining(message.replaceAll('%', folder)),
    })
    expect(await repository.storage.list('snapshot')).toEqual([])
  })
})

describe('content', () => {
  test('that several files have in common is stored once, whichever threads meet with it', async () => {
    const folder = scratchFolder()
    const shared = noise(6_000_000, 1)
    for (let number = 0; number < 12; number++) {
      writeFileSync(join(folder, `large ${number}`), shared)
      writeFileSync(join(folder, `small ${number}`), 'the same in all')
    }
    makeManyFiles(folder, 600)
    const repository = await cheapRepository()
    const content = await contentOf(repository, folder, { workers: 4 })
    const blobs = (await storedBlobs(repository)).map(({ type, id }) => `${type} ${id}`)
    expect(new Set(blobs).size).toBe(blobs.length)
    const { dataBlobs, treeBlobs, dataAdded } = content.result.summary
    expect(dataBlobs + treeBlobs).toBe(blobs.length)
    expect(dataAdded).toBeLessThan(2 * shared.length)
    for (const number of [0, 5, 11]) {
      expect(content.node(`large ${number}`).content).toEqual(content.node('large 0').content)
      expect((await content.text(`large ${number}`)) === shared.toString('latin1')).toBe(true)
    }
    expect(await content.text('5/file 555')).toBe(readFileSync(join(folder, '5/file 555'), 'latin1'))
  })

  test('that an earlier snapshot stored is not stored again, wherever it lies now', async () => {
    const folder = scratchFolder()
    for (const inner of ['one', 'two']) mkdirSync(join(folder, inner))
    writeFileSync(join(folder, 'one', 'file'), noise(3_000_000, 2))
    const repository = await cheapRepository()
    const before = await contentOf(repository, join(folder, 'one'))
    writeFileSync(join(folder, 'two', 'other'), noise(3_000_000, 2))
    const after = await contentOf(repository, join(folder, 'two'))
    expect(after.result.parent).toBeUndefined()
    expect(after.result.summary).toMatchObject({ filesNew: 1, dataBlobs: 0, dataAdded: expect.any(Number) })
    expect(after.node('other').content).toEqual(before.node('file').content)
  })

  test('folders come in the order of bytes, whatever the order of strings', async () => {
    const folder = scratchFolder()
    const names = ['\u{1f600}', '\uff5e', '\udcff', 'z', '\ud7ff', '\udc80']
    for (const name of names) writeFileSync(toFsPath(join(folder, name)), name.isWellFormed() ? name : 'bytes')
    const content = await contentOf(await cheapRepository(), folder)
    expect(content.paths).toEqual(names.toSorted(compareNames))
  })
})
