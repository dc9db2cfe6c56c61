import {
  accessSync,
  appendFileSync,
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { OpenRepository } from '../../src/repository/repository.ts'
import { noise } from '../fixtures/repository-fixture.ts'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { cheapRepository } from '../repository/cheap-repository.ts'
import { contentOf, type SnapshotContent, type TakenSnapshot, takeSnapshot } from './take-snapshot.ts'

/** Any account but root's. */
const NOBODY = 65534

let folder = ''
let repository: OpenRepository

/** Entries '1' and '9' are unchanged since an earlier snapshot, so that a snapshot deals with each as soon as it meets with it. */
beforeEach(async () => {
  folder = scratchFolder()
  repository = await cheapRepository()
  for (const name of ['1', '9']) writeAt(join(folder, name), name, 1)
  await contentOf(repository, folder)
})

/** Writes a file whose time of modification differs from any other that a test gives it. */
function writeAt(path: string, content: string | Uint8Array, seconds: number): void {
  writeFileSync(path, content)
  utimesSync(path, seconds, seconds)
}

/** Takes a snapshot and calls `work` when it has dealt with an entry. */
function meddling(entry: string, work: () => void): Promise<SnapshotContent & TakenSnapshot> {
  return contentOf(repository, folder, {
    onItem: ({ path }) => {
      if (path === join(folder, entry)) work()
    },
  })
}

test('a file that changes between scan and reading, and again after it, is not taken for saved', async () => {
  const file = join(folder, '2 file')
  writeAt(join(folder, '11'), 'first of those that are read', 1)
  writeAt(file, 'one', 1)
  const before = await contentOf(repository, folder, {
    onItem: ({ path }) => {
      // The last entry is met when the file has been scanned and waits to be read; '11' is answered just before it.
      if (path === join(folder, '9')) writeAt(file, 'two', 2)
      if (path === join(folder, '11')) writeAt(file, 'six', 6)
    },
  })
  expect(before.problems).toEqual([])
  expect(await before.text('2 file')).toBe('two')
  expect(before.node('2 file').mtime).toBe(before.node('2 file').atime)
  const after = await contentOf(repository, folder)
  expect(await after.text('2 file')).toBe('six')
})

describe('between listing and scan', () => {
  test.each<[string, () => void]>([
    ['a file', () => writeFileSync(join(folder, '2'), '')],
    ['a folder', () => mkdirSync(join(folder, '2', 'inner'), { recursive: true })],
    ['a link', () => symlinkSync('nowhere', join(folder, '2'))],
  ])('%s that vanishes was never there', async (_, make) => {
    make()
    const content = await meddling('1', () => rmSync(join(folder, '2'), { recursive: true }))
    expect(content.problems).toEqual([])
    expect(content.paths).toEqual(['1', '9'])
  })

  test('what becomes something else is saved as that', async () => {
    mkdirSync(join(folder, '2'))
    const content = await meddling('1', () => {
      rmSync(join(folder, '2'), { recursive: true })
      writeFileSync(join(folder, '2'), 'a file now')
    })
    expect(content.problems).toEqual([])
    expect(await content.text('2')).toBe('a file now')
  })
})

describe('between scan and reading', () => {
  beforeEach(() => writeAt(join(folder, '2'), 'was here', 1))

  test.each<[string, (path: string) => void, string]>([
    ['vanishes', () => undefined, 'no such file or directory (ENOENT)'],
    ['becomes a link', (path) => symlinkSync('/etc/passwd', path), 'it is no regular file any more'],
    ['becomes a folder', (path) => mkdirSync(path), 'it is no regular file any more'],
  ])('a file that %s is reported, and the rest is saved', async (_, replace, message) => {
    const path = join(folder, '2')
    const content = await meddling('9', () => {
      rmSync(path)
      replace(path)
    })
    expect(content.problems).toEqual([{ path, message }])
    expect(content.result.problems).toBe(1)
    expect(content.paths).toEqual(['1', '9'])
    expect(content.result.summary).toMatchObject({ filesNew: 0, filesUnmodified: 2, totalFilesProcessed: 2 })
  })

  test('a file that is replaced is saved as what is there now', async () => {
    const content = await meddling('9', () => {
      writeAt(join(folder, 'new'), 'something longer', 5)
      chmodSync(join(folder, 'new'), 0o600)
      renameSync(join(folder, 'new'), join(folder, '2'))
    })
    expect(content.problems).toEqual([])
    expect(await content.text('2')).toBe('something longer')
    expect(content.node('2')).toMatchObject({ size: 16n, mode: 0o600 })
    expect((await contentOf(repository, folder)).result.summary).toMatchObject({ filesUnmodified: 3, dataBlobs: 0 })
  })
})

test('a file that grows while it is read is reported, and saved as far as it was there', async () => {
  const file = join(folder, '2')
  writeAt(file, noise(20_000_000, 1), 1)
  const appending = setInterval(() => appendFileSync(file, 'more'), 1)
  onTestFinished(() => clearInterval(appending))
  let content = await contentOf(repository, folder)
  while (content.problems.length === 0) content = await contentOf(repository, folder, { force: true })
  clearInterval(appending)
  expect(content.problems).toEqual([
    { path: file, message: 'it changed while it was being read; what was read is saved' },
  ])
  expect((await content.text('2')).length).toBe(Number(content.node('2').size))
  expect((await contentOf(repository, folder)).result.summary).toMatchObject({ filesChanged: 1 })
})

test('a file that cannot be read is reported, and the rest is saved', async () => {
  // It is there, can be opened, and fails whoever reads its start.
  const content = await contentOf(repository, folder, { paths: [folder, '/proc/self/mem'] })
  expect(content.problems).toEqual([{ path: '/proc/self/mem', message: 'i/o error (EIO)' }])
  expect(content.paths).toEqual(['1', '9'])
})

async function asNobody<Result>(work: () => Promise<Result>): Promise<Result> {
  process.seteuid?.(NOBODY)
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
  }
}

describe.skipIf(!canBecomeNobody())('without the right to', () => {
  beforeEach(() => {
    chmodSync(folder, 0o755)
    writeFileSync(join(folder, '2'), 'content')
    mkdirSync(join(folder, '3', 'inner'), { recursive: true })
    writeFileSync(join(folder, '3', 'inner', 'file'), 'content')
  })

  test('read a file: it is reported', async () => {
    chmodSync(join(folder, '2'), 0o600)
    const content = await asNobody(() => contentOf(repository, folder))
    expect(content.problems).toEqual([{ path: join(folder, '2'), message: 'permission denied (EACCES)' }])
    expect(content.paths).toEqual(['1', '3', '9', '3/inner', '3/inner/file'])
  })

  test('list a folder: it is reported, and left out', async () => {
    chmodSync(join(folder, '3'), 0o711)
    const content = await asNobody(() => contentOf(repository, folder))
    expect(content.problems).toEqual([{ path: join(folder, '3'), message: 'permission denied (EACCES)' }])
    expect(content.paths).toEqual(['1', '2', '9'])
  })

  test('reach what is in a folder: each entry is reported', async () => {
    chmodSync(join(folder, '3'), 0o744)
    const content = await asNobody(() => contentOf(repository, folder))
    expect(content.problems).toEqual([{ path: join(folder, '3', 'inner'), message: 'permission denied (EACCES)' }])
    expect(content.paths).toEqual(['1', '2', '3', '9'])
  })

  test('reach a source: nothing is done', async () => {
    chmodSync(join(folder, '3'), 0o600)
    await expect(asNobody(() => contentOf(repository, join(folder, '3', 'inner')))).rejects.toMatchObject({
      code: 'ERR_VARVE_SOURCE',
      message: `'${join(folder, '3', 'inner')}' cannot be saved: permission denied (EACCES)`,
    })
  })

  test('reach one of several sources: it is reported, and the others are saved', async () => {
    chmodSync(join(folder, '3'), 0o600)
    const sources = [join(folder, '3', 'inner'), join(folder, '2')]
    const { problems, result } = await asNobody(() => takeSnapshot(repository, { paths: sources }))
    expect(problems).toEqual([{ path: sources[0], message: 'permission denied (EACCES)' }])
    expect(result.snapshot?.paths).toEqual([sources[1]])
  })

  test("leave a file's time of access alone: it is read all the same", async () => {
    const content = await asNobody(() => contentOf(repository, folder))
    expect(content.problems).toEqual([])
    expect(await content.text('2')).toBe('content')
  })
})

/** Whether this process may be nobody for a while, and its threads find their modules then. */
function canBecomeNobody(): boolean {
  if (process.geteuid?.() !== 0 || process.seteuid === undefined) return false
  process.seteuid(NOBODY)
  try {
    accessSync(fileURLToPath(new URL('../../src/snapshot/save-worker.ts', import.meta.url)))
    return true
  } catch {
    process.stderr.write('skipped: files that may not be read, as nobody may read the checkout\n')
    return false
  } finally {
    process.seteuid(0)
  }
}
