import { chmodSync, mkdirSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { currentPlatform } from '@varve/platform'
import { toFsPath } from '@varve/platform/file-name'
import type { Progress } from '@varve/platform'
import { isId } from '../../src/repository/id.ts'
import type { OpenRepository } from '../../src/repository/repository.ts'
import { parseTimestamp, timestampFromNanoseconds } from '../../src/repository/timestamp.ts'
import { LISTED_FILE_TYPES } from '../../src/storage/storage.ts'
import { makeManyFiles } from '../fixtures/hard-folder.ts'
import { noise } from '../fixtures/repository-fixture.ts'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { cheapRepository } from '../repository/cheap-repository.ts'
import { contentOf, madeSnapshot, SnapshotContent, takeSnapshot } from './take-snapshot.ts'

let repository: OpenRepository

/** The working folder has the folder `source`, so that what is around it is no part of a snapshot. */
beforeEach(async () => {
  const before = process.cwd()
  process.chdir(scratchFolder())
  onTestFinished(() => process.chdir(before))
  mkdirSync('source/inner', { recursive: true })
  writeFileSync('source/file', 'content')
  writeFileSync('source/inner/other', 'other content')
  repository = await cheapRepository()
})

const paths = ['source']

/** Names of all that a repository stores. */
async function stored(): Promise<readonly string[]> {
  const lists = LISTED_FILE_TYPES.map(async (type) =>
    (await repository.storage.list(type)).map(({ name, size }) => `${type} ${name} ${size}`),
  )
  return (await Promise.all(lists)).flat().toSorted()
}

/** Writes a file so that nothing tells it from what was there but its content, and the time of its inode. */
function writeUnnoticed(path: string, content: string): void {
  const { atimeMs, mtimeMs, size } = statSync(path)
  expect(content.length).toBe(size)
  utimesSync(path, atimeMs / 1000, Math.floor(mtimeMs / 1000))
  writeFileSync(path, content, { flag: 'r+' })
  utimesSync(path, atimeMs / 1000, Math.floor(mtimeMs / 1000))
}

describe('what a snapshot says of itself', () => {
  test('by default', async () => {
    const taken = await takeSnapshot(repository, { paths })
    const made = madeSnapshot(taken)
    const platform = currentPlatform()
    const user = platform.accounts.currentUser()
    expect(made).toEqual({
      id: expect.toSatisfy(isId),
      time: expect.any(String),
      tree: expect.toSatisfy(isId),
      paths: [join(process.cwd(), 'source')],
      hostname: platform.hostName(),
      username: user.name,
      uid: user.uid,
      gid: user.gid,
      summary: taken.result.summary,
    })
    const [kept] = await repository.snapshots()
    // What is zero is not written, and reads as if it had been left out.
    expect({ uid: 0, gid: 0, ...kept }).toEqual(made)
    expect(taken.result).toMatchObject({ parent: undefined, skipped: false, problems: 0 })
  })

  test('as told', async () => {
    const time = parseTimestamp('2001-02-03T04:05:06.789+01:00')
    const fields = { tags: ['one', 'a b'], host: 'elsewhere', description: 'a <sentence>', programVersion: 'test 1' }
    const rules = { exclude: ['*.tmp', '/x'], iexclude: ['*.bak'] }
    const made = madeSnapshot(await takeSnapshot(repository, { paths, time, rules, ...fields }))
    const { tags, host, description, programVersion } = fields
    const expected = { time, tags, hostname: host, description, programVersion, excludes: rules.exclude }
    expect(made).toMatchObject(expected)
    expect(await repository.snapshots()).toEqual([expect.objectContaining(expected)])
  })

  test('of a source whose name is not UTF-8, as far as JSON can say it, and it is a parent all the same', async () => {
    mkdirSync(toFsPath('caf\udce9 \udcff'))
    writeFileSync(toFsPath('caf\udce9 \udcff/file'), 'content')
    const odd = { paths: ['caf\udce9 \udcff'] }
    const first = madeSnapshot(await takeSnapshot(repository, odd))
    expect(first.paths).toEqual([join(process.cwd(), 'caf\ufffd \ufffd')])
    const { result } = await takeSnapshot(repository, odd)
    expect(result).toMatchObject({ parent: first.id, summary: { filesUnmodified: 1, treeBlobs: 0 } })
  })

  test('without tags and excludes, no lists of them', async () => {
    const made = madeSnapshot(await takeSnapshot(repository, { paths, tags: [], rules: { exclude: [] } }))
    expect(made).not.toHaveProperty('tags')
    expect(made).not.toHaveProperty('excludes')
  })

  test('the summary', async () => {
    const { summary } = (await takeSnapshot(repository, { paths })).result
    expect(summary).toMatchObject({
      filesNew: 2,
      dirsNew: 2,
      dataBlobs: 2,
      treeBlobs: 3,
      totalFilesProcessed: 2,
      totalBytesProcessed: 20,
    })
    expect(summary.dataAdded).toBeGreaterThan(20)
    expect(summary.dataAddedPacked).toBeGreaterThan(5 * 32)
    const [pack = { size: 0 }, other = { size: 0 }] = await repository.storage.list('pack')
    expect(summary.dataAddedPacked).toBeLessThan(pack.size + other.size)
  })
})

describe('what a second snapshot says changed', () => {
  test('a file, and the folders around it', async () => {
    await takeSnapshot(repository, { paths })
    writeFileSync('source/inner/other', 'something else')
    writeFileSync('source/new', 'new')
    const { result, items } = await takeSnapshot(repository, { paths })
    expect(result.summary).toMatchObject({
      filesNew: 1,
      filesChanged: 1,
      filesUnmodified: 1,
      dirsNew: 0,
      dirsChanged: 2,
      dirsUnmodified: 0,
      dataBlobs: 2,
      treeBlobs: 3,
    })
    expect(items).toEqual(
      expect.arrayContaining([
        { path: 'source/file', type: 'file', action: 'unmodified' },
        { path: 'source/inner/other', type: 'file', action: 'changed' },
        { path: 'source/inner', type: 'dir', action: 'changed' },
        { path: 'source/new', type: 'file', action: 'new' },
        { path: 'source', type: 'dir', action: 'changed' },
      ]),
    )
    expect(items).toHaveLength(5)
  })

  test('a mode: the file is read, but nothing of its content is new', async () => {
    await takeSnapshot(repository, { paths })
    chmodSync('source/file', 0o600)
    const { summary } = (await takeSnapshot(repository, { paths })).result
    expect(summary).toMatchObject({ filesChanged: 1, dataBlobs: 0, treeBlobs: 2 })
  })

  test('a folder whose mode changed, and nothing in it', async () => {
    await takeSnapshot(repository, { paths })
    chmodSync('source/inner', 0o700)
    const { summary } = (await takeSnapshot(repository, { paths })).result
    expect(summary).toMatchObject({ filesUnmodified: 2, dirsChanged: 2, dirsUnmodified: 0, treeBlobs: 2 })
  })

  test('a file where a folder was, and the other way round', async () => {
    await takeSnapshot(repository, { paths })
    renameSync('source/inner', 'was a folder')
    renameSync('source/file', 'source/inner')
    renameSync('was a folder', 'source/file')
    const content = await takeSnapshot(repository, { paths })
    expect(content.problems).toEqual([])
    const read = await SnapshotContent.read(repository, madeSnapshot(content), '/source')
    expect(read.paths).toEqual(['file', 'inner', 'file/other'])
    expect(await read.text('inner')).toBe('content')
    expect(await read.text('file/other')).toBe('other content')
  })
})

describe('what tells a change', () => {
  test('is the time of the inode too, unless that is to be ignored', async () => {
    writeUnnoticed('source/file', 'Content')
    await takeSnapshot(repository, { paths })
    writeUnnoticed('source/file', 'CONTENT')
    for (const ignore of [{ ignoreCtime: true }, { ignoreInode: true }]) {
      const ignoring = madeSnapshot(await takeSnapshot(repository, { paths, ...ignore }))
      expect(await (await SnapshotContent.read(repository, ignoring)).text('source/file')).toBe('Content')
      // Whatever is taken over, it is described as it is now: with this parent, nothing would ever be noticed otherwise.
      await repository.removeUnpacked('snapshot', ignoring.id)
    }
    const noticing = madeSnapshot(await takeSnapshot(repository, { paths }))
    expect(await (await SnapshotContent.read(repository, noticing)).text('source/file')).toBe('CONTENT')
  })

  test('is the inode, unless that is to be ignored', async () => {
    await takeSnapshot(repository, { paths })
    // Another file with the same size and times; its own inode's time is not the same either.
    const { mtime } = statSync('source/file')
    writeFileSync('copy', 'content')
    utimesSync('copy', mtime, mtime)
    utimesSync('source/file', mtime, mtime)
    await takeSnapshot(repository, { paths })
    renameSync('copy', 'source/file')
    const reading = async (options: object): Promise<number> =>
      (await takeSnapshot(repository, { paths, dryRun: true, ...options })).result.summary.filesChanged
    expect(await reading({})).toBe(1)
    expect(await reading({ ignoreCtime: true })).toBe(1)
    expect(await reading({ ignoreInode: true })).toBe(0)
  })

  test('force reads everything, and has no parent', async () => {
    await takeSnapshot(repository, { paths })
    const { result, items } = await takeSnapshot(repository, { paths, force: true })
    expect(result).toMatchObject({ parent: undefined, summary: { filesNew: 2, dataBlobs: 0, treeBlobs: 0 } })
    expect(result.snapshot).not.toHaveProperty('parent')
    expect(items.every(({ action }) => action === 'new')).toBe(true)
  })

  test('without a parent everything is read', async () => {
    await takeSnapshot(repository, { paths })
    const { result } = await takeSnapshot(repository, { paths, parent: null })
    expect(result).toMatchObject({ parent: undefined, summary: { filesNew: 2, dataBlobs: 0, treeBlobs: 0 } })
  })

  test('the parent that is given is compared with', async () => {
    const first = madeSnapshot(await takeSnapshot(repository, { paths }))
    writeFileSync('source/file', 'CONTENT')
    await takeSnapshot(repository, { paths })
    const { result } = await takeSnapshot(repository, { paths, parent: first.id })
    expect(result).toMatchObject({ parent: first.id, summary: { filesChanged: 1, filesUnmodified: 1, dataBlobs: 0 } })
    expect(madeSnapshot({ result, problems: [], items: [] }).parent).toBe(first.id)
  })
})

describe('a dry run', () => {
  test('counts exactly what the real one does, and stores nothing', async () => {
    makeManyFiles('source/inner', 700)
    for (const name of ['a', 'b']) writeFileSync(join('source', name), noise(18_000_000, 3))
    const before = await stored()
    const dry = await takeSnapshot(repository, { paths, dryRun: true, workers: 3 })
    expect(await stored()).toEqual(before)
    const real = await takeSnapshot(repository, { paths, workers: 2 })
    const times = { backupStart: expect.any(String), backupEnd: expect.any(String) }
    expect(dry.result.summary).toEqual({ ...real.result.summary, ...times })
    expect(dry.result.summary.dataAddedPacked).toBeGreaterThan(18_000_000)
    expect(madeSnapshot(dry).tree).toBe(madeSnapshot(real).tree)
    expect(isId(madeSnapshot(dry).id)).toBe(true)
    expect(dry.items.toSorted(byPath)).toEqual(real.items.toSorted(byPath))
  })

  test('after a change, and when nothing changed', async () => {
    await takeSnapshot(repository, { paths })
    const before = await stored()
    const unchanged = await takeSnapshot(repository, { paths, dryRun: true })
    expect(unchanged.result.summary).toMatchObject({ filesUnmodified: 2, dataBlobs: 0, treeBlobs: 0 })
    writeFileSync('source/file', 'CONTENT')
    const dry = await takeSnapshot(repository, { paths, dryRun: true })
    expect(await stored()).toEqual(before)
    const real = await takeSnapshot(repository, { paths })
    const { dataAdded, dataAddedPacked, treeBlobs } = real.result.summary
    expect(dry.result.summary).toMatchObject({ filesChanged: 1, dataBlobs: 1, treeBlobs, dataAdded, dataAddedPacked })
  })
})

function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : 1
}

describe('skipIfUnchanged', () => {
  test('makes no snapshot where nothing changed', async () => {
    const first = madeSnapshot(await takeSnapshot(repository, { paths, skipIfUnchanged: true }))
    const before = await stored()
    const { result } = await takeSnapshot(repository, { paths, skipIfUnchanged: true })
    expect(result).toMatchObject({ snapshot: undefined, skipped: true, parent: first.id })
    expect(result.summary).toMatchObject({ filesUnmodified: 2, dataBlobs: 0 })
    expect(await stored()).toEqual(before)
  })

  test('makes one where anything did, and where there is nothing to compare with', async () => {
    await takeSnapshot(repository, { paths, skipIfUnchanged: true })
    chmodSync('source/inner', 0o700)
    expect((await takeSnapshot(repository, { paths, skipIfUnchanged: true })).result.skipped).toBe(false)
    expect((await takeSnapshot(repository, { paths, skipIfUnchanged: true, parent: null })).result.skipped).toBe(false)
    expect((await takeSnapshot(repository, { paths, skipIfUnchanged: true, host: 'other' })).result.skipped).toBe(false)
    expect(await repository.snapshots()).toHaveLength(4)
  })

  test('says in a dry run that it would', async () => {
    await takeSnapshot(repository, { paths })
    const { result } = await takeSnapshot(repository, { paths, skipIfUnchanged: true, dryRun: true })
    expect(result).toMatchObject({ snapshot: undefined, skipped: true })
  })
})

test('times of access are kept when asked for', async () => {
  currentPlatform().setTimes('source/file', 1_000_000_000_000_000_007n, 1_500_000_000_000_000_000n)
  const accessed = timestampFromNanoseconds(1_000_000_000_000_000_007n)
  const kept = madeSnapshot(await takeSnapshot(repository, { paths, withAtime: true }))
  expect((await SnapshotContent.read(repository, kept)).node('source/file').atime).toBe(accessed)
  expect(timestampFromNanoseconds(statSync('source/file', { bigint: true }).atimeNs)).toBe(accessed)
})

describe('rules', () => {
  test('leave out what they say, and nothing that was named', async () => {
    for (const name of ['x.tmp', 'X.TMP', 'cache/CACHEDIR.TAG', 'cache/x', 'large'])
      mkdirSync(join('source', name, '..'), { recursive: true })
    writeFileSync('source/cache/CACHEDIR.TAG', 'Signature: 8a477f597d28d172789f06886806bc55')
    writeFileSync('source/cache/x', '')
    writeFileSync('source/x.tmp', '')
    writeFileSync('source/X.TMP', '')
    writeFileSync('source/large', noise(1001, 1))
    writeFileSync('named.tmp', '')
    const rules = { exclude: ['*.tmp', 'inner'], excludeCaches: true, excludeLargerThan: 1000 }
    const made = madeSnapshot(await takeSnapshot(repository, { paths: ['source', 'named.tmp'], rules }))
    expect((await SnapshotContent.read(repository, made)).paths).toEqual([
      'named.tmp',
      'source',
      'source/X.TMP',
      'source/cache',
      'source/file',
      'source/cache/CACHEDIR.TAG',
    ])
  })

  test('apply to what stands for a source without name', async () => {
    const made = madeSnapshot(await takeSnapshot(repository, { paths: ['.'], rules: { exclude: ['inner'] } }))
    expect((await SnapshotContent.read(repository, made)).paths).toEqual(['source', 'source/file'])
  })

  test('that leave nothing leave no snapshot', async () => {
    await expect(takeSnapshot(repository, { paths: ['.'], rules: { exclude: ['*'] } })).rejects.toMatchObject({
      code: 'ERR_VARVE_SNAPSHOT_EMPTY',
    })
    expect(await stored()).toEqual([expect.stringMatching(/^key /)])
  })

  test('that make no sense are refused', async () => {
    await expect(takeSnapshot(repository, { paths, rules: { exclude: ['[a'] } })).rejects.toMatchObject({
      code: 'ERR_VARVE_BAD_ARGUMENT',
    })
  })
})

describe('progress', () => {
  test('comes while a snapshot is made, and once more at its end', async () => {
    for (let number = 0; number < 6; number++) writeFileSync(join('source', `${number}`), noise(9_000_000, number))
    const reports: Progress[] = []
    const { result } = await takeSnapshot(repository, {
      paths: ['source', 'missing'],
      onProgress: (progress) => reports.push(progress),
    })
    const last = reports.at(-1)
    expect(last).toEqual({
      phase: 'saving',
      filesDone: 8,
      filesTotal: undefined,
      bytesDone: result.summary.totalBytesProcessed,
      bytesTotal: undefined,
      current: [],
      errors: 1,
    })
    expect(reports.length).toBeGreaterThan(1)
    for (const [index, { bytesDone, filesDone }] of reports.entries()) {
      expect(bytesDone).toBeGreaterThanOrEqual(reports[index - 1]?.bytesDone ?? 0)
      expect(filesDone).toBeGreaterThanOrEqual(reports[index - 1]?.filesDone ?? 0)
    }
    expect(reports.flatMap(({ current }) => current)).toContainEqual(expect.stringMatching(/^source\/\d$/))
  })

  test('expects what the parent had', async () => {
    await takeSnapshot(repository, { paths })
    const reports: Progress[] = []
    await takeSnapshot(repository, { paths, onProgress: (progress) => reports.push(progress) })
    expect(reports.at(-1)).toMatchObject({ filesDone: 2, filesTotal: 2, bytesDone: 20, bytesTotal: 20, errors: 0 })
  })
})

test('a folder is described as it was found, whoever changes it meanwhile', async () => {
  const { mtimeNs } = statSync('source', { bigint: true })
  const content = await contentOf(repository, join(process.cwd(), 'source'), {
    onItem: () => utimesSync('source', 1, 1),
  })
  expect(content.node('').mtime).toBe(timestampFromNanoseconds(mtimeNs))
})
