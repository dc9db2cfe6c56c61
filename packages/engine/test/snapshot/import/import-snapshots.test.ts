import { lstatSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { timestampFromNanoseconds } from '../../../src/repository/timestamp.ts'
import type { OpenRepository } from '../../../src/repository/repository.ts'
import { openRepository } from '../../../src/repository/open-repository.ts'
import { FaultyStorage } from '../../../src/storage/faults.ts'
import { MemoryStorage } from '../../../src/storage/memory.ts'
import { FileMode } from '../../../src/repository/file-mode.ts'
import { importSnapshots } from '../../../src/snapshot/import/import-snapshots.ts'
import type {
  ImportedEntry,
  ImportedResult,
  ImportedSnapshot,
  ImportOptions,
  LocatedFile,
} from '../../../src/snapshot/import/import-options.ts'
import { VarveError } from '@varve/platform/errors'
import { scratchFolder } from '../../../../../test/scratch-folder.ts'
import { noise } from '../../fixtures/repository-fixture.ts'
import { cheapRepository } from '../../repository/cheap-repository.ts'
import { SnapshotContent } from '../take-snapshot.ts'

type FileEntry = Extract<ImportedEntry, { readonly type: 'file' }>

const OWNER = { uid: 1234, gid: 567 }
const TIME = 1_700_000_000_123_456_789n

let folder: string
let repository: OpenRepository
let located: string[]

beforeEach(async () => {
  folder = scratchFolder()
  repository = await cheapRepository()
  located = []
})

/** A content that lies in a file of this name. */
function content(name: string, bytes: string | Uint8Array): FileEntry['content'] {
  writeFileSync(join(folder, name), bytes)
  return { key: name, locate: () => locate(name) }
}

function locate(name: string): LocatedFile {
  located.push(name)
  return { path: join(folder, name), state: lstatSync(join(folder, name), { bigint: true }) }
}

function fileEntry(path: string, size: number, of: FileEntry['content'], mtime = TIME): FileEntry {
  return { path, type: 'file', mode: 0o640, mtime, ...OWNER, size, content: of }
}

function folderEntry(path: string, mode = 0o2750): ImportedEntry {
  return { path, type: 'dir', mode, mtime: TIME, ...OWNER }
}

/** A snapshot of `/there`, `day` days after 14 November 2023. */
function told(day: number, entries: readonly ImportedEntry[], rest: Partial<ImportedSnapshot> = {}): ImportedSnapshot {
  const time = timestampFromNanoseconds(1_700_000_000_000_000_000n + BigInt(day) * 86_400_000_000_000n, 0)
  return { entries, describe: () => ({ time, paths: ['/there'], tags: ['told'] }), ...rest }
}

async function imported(
  snapshots: readonly ImportedSnapshot[],
  options: ImportOptions = {},
): Promise<readonly ImportedResult[]> {
  return await importSnapshots(repository, snapshots, { workers: 1, noLock: true, ...options })
}

async function contentOf({ snapshot }: ImportedResult): Promise<SnapshotContent> {
  if (snapshot === undefined) throw new Error('it was not stored')
  return await SnapshotContent.read(repository, await repository.loadSnapshot(snapshot.id), '/there')
}

test('a snapshot holds what was told, wherever contents lie, and says what it was told to say', async () => {
  const large = noise(3_000_000, 7).toString('latin1')
  const [result, ...others] = await imported([
    told(1, [
      fileEntry('/there/\udcff file', 7, content('x', 'content')),
      { path: '/there/link', type: 'symlink', mode: 0o777, mtime: -1n, ...OWNER, target: 'no\udcfewhere' },
      folderEntry('/there/empty'),
      fileEntry('/there/in/large', large.length, content('y', Buffer.from(large, 'latin1'))),
      fileEntry('/there/in/none', 0, content('z', '')),
      folderEntry('/there'),
    ]),
  ])
  expect(others).toEqual([])
  expect(result?.problems).toEqual([])
  expect(result?.snapshot).toMatchObject({ paths: ['/there'], tags: ['told'], time: '2023-11-15T22:13:20Z' })
  const held = await contentOf(result ?? { snapshot: undefined, problems: [] })
  expect(held.paths.toSorted()).toEqual(['empty', 'in', 'in/large', 'in/none', 'link', '\udcff file'])
  expect(await held.text('\udcff file')).toBe('content')
  expect((await held.text('in/large')) === large).toBe(true)
  expect(held.node('in/none')).toMatchObject({ size: 0n, content: [] })
  expect(held.node('\udcff file')).toMatchObject({
    ...OWNER,
    type: 'file',
    mode: 0o640,
    mtime: timestampFromNanoseconds(TIME),
    size: 7n,
  })
  expect(held.node('link')).toMatchObject({ linkTarget: 'no\udcfewhere', mtime: timestampFromNanoseconds(-1n) })
  expect(held.node('')).toMatchObject({ mode: FileMode.dir + FileMode.setgid + 0o750, ...OWNER })
  // Nobody told of it.
  expect(held.node('in')).toMatchObject({ mode: FileMode.dir + 0o755 })
})

test('what several snapshots have in common is read and stored once', async () => {
  const [a, b] = [content('a', 'one'), content('b', 'two')]
  const unknown = { ...content('c', 'three'), key: undefined }
  const results = await imported([
    told(1, [fileEntry('/there/d/1', 3, a), fileEntry('/there/d/2', 3, a), fileEntry('/there/3', 3, b)]),
    told(2, [fileEntry('/there/d/1', 3, a), fileEntry('/there/d/2', 3, a), fileEntry('/there/3', 3, a)]),
    told(3, [fileEntry('/there/3', 5, unknown), fileEntry('/there/4', 5, unknown)]),
  ])
  expect(located).toEqual(['a', 'b', 'c', 'c'])
  const held = await Promise.all(results.map(contentOf))
  expect(held[1]?.node('d').subtree).toBe(held[0]?.node('d').subtree)
  expect(await held[1]?.text('3')).toBe('one')
  expect(held[2]?.paths).toEqual(['3', '4'])
  expect(results.map(({ snapshot }) => snapshot?.summary?.filesUnmodified)).toEqual([0, 2, 0])
  expect(results.map(({ snapshot }) => snapshot?.summary?.filesChanged)).toEqual([0, 1, 1])
  const { index } = await repository.loadIndex()
  const data = [...index.packs()].flatMap(({ blobs }) => blobs.filter(({ type }) => type === 'data'))
  expect(data).toHaveLength(3)
})

describe('what cannot be read', () => {
  const missing = { key: 'm', locate: () => Promise.reject(new VarveError('ERR_VARVE_DAMAGED', 'it is nowhere')) }

  test('is reported for each entry, and the snapshot says so and has the rest', async () => {
    const problems: string[] = []
    const [result] = await imported(
      [
        told(1, [fileEntry('/there/a', 1, missing), fileEntry('/there/b', 1, missing), folderEntry('/there/c')], {
          describe: (all) => ({
            time: timestampFromNanoseconds(TIME),
            paths: ['/'],
            tags: all.map(({ path }) => path),
          }),
        }),
      ],
      { onProblem: ({ path, message }) => problems.push(`${path}: ${message}`) },
    )
    expect(problems).toEqual(['/there/a: it is nowhere', '/there/b: it is nowhere'])
    expect(result?.problems).toHaveLength(2)
    expect(result?.snapshot?.tags).toEqual(['/there/a', '/there/b'])
    expect((await contentOf(result ?? { snapshot: undefined, problems: [] })).paths).toEqual(['c'])
  })

  test.each<[string, () => void, RegExp]>([
    ['changed since it was found', () => writeFileSync(join(folder, 'a'), 'two'), /changed/],
    ['not of the size that it should have', () => undefined, /it has 3 bytes, and should have 4/],
  ])('is what is %s', async (_, meddle, message) => {
    const { key, ...found } = content('a', 'one')
    const late = {
      key,
      locate: async (): Promise<LocatedFile> => {
        const file = await found.locate()
        meddle()
        return file
      },
    }
    const [result] = await imported([told(1, [fileEntry('/there/a', 4, late)])])
    expect(result?.problems).toEqual([{ path: '/there/a', message: expect.stringMatching(message) }])
  })
})

test('a snapshot whose tree is known is not stored again', async () => {
  const entries = [fileEntry('/there/a', 3, content('a', 'one')), folderEntry('/there')]
  const [first] = await imported([told(1, entries)])
  const knownTrees = new Set(first?.snapshot === undefined ? [] : [first.snapshot.tree])
  const again = await imported([told(2, entries, { knownTrees }), told(3, [folderEntry('/there')], { knownTrees })])
  expect(again.map(({ snapshot }) => snapshot === undefined)).toEqual([true, false])
  expect(await repository.snapshots()).toHaveLength(2)
})

test('what is complete is stored while others are still to come, if that takes long', async () => {
  const entries = [fileEntry('/there/a', 3, content('a', 'one'))]
  const stored: number[] = []
  const snapshots = async function* (): AsyncGenerator<ImportedSnapshot> {
    for (const day of [1, 2, 3]) {
      stored.push((await repository.snapshots()).length)
      yield told(day, entries)
    }
  }
  const results = await importSnapshots(repository, snapshots(), { workers: 1, noLock: true, storeEvery: 0 })
  expect(stored).toEqual([0, 1, 2])
  expect(await Promise.all(results.map(async (result) => (await contentOf(result)).text('a')))).toEqual([
    'one',
    'one',
    'one',
  ])
})

test('where the storage fails, there is no snapshot of what is not there', async () => {
  const entries = [fileEntry('/there/a', 3, content('a', 'one'))]
  for (const type of ['pack', 'index', 'snapshot'] as const) {
    const storage = new MemoryStorage()
    await cheapRepository({ storage })
    const script = [{ operation: 'save', type, at: 1, action: { kind: 'fail' } }] as const
    repository = await openRepository({ storage: new FaultyStorage(storage, script), password: 'secret' })
    await expect(imported([told(1, entries)])).rejects.toMatchObject({ code: 'ERR_VARVE_STORAGE' })
    expect(await storage.list('snapshot')).toEqual([])
  }
})

test('a dry run counts, and stores nothing', async () => {
  const [result] = await imported([told(1, [fileEntry('/there/a', 3, content('a', 'one'))])], { dryRun: true })
  expect(result?.snapshot?.summary).toMatchObject({ filesNew: 1, dirsNew: 1, totalBytesProcessed: 3 })
  for (const type of ['snapshot', 'pack', 'index', 'lock'] as const) {
    expect(await repository.storage.list(type)).toEqual([])
  }
})

test.each([
  ['/there/../a', '/b'],
  ['there/a', '/b'],
  ['/there//a', '/b'],
  ['/', '/b'],
  ['/there/a\0', '/b'],
  ['/there/a', '/there/a'],
  ['/there/a', '/there/a/b'],
  ['/there/a/b', '/there/a'],
])("'%s' and '%s' make no tree, and nothing is stored", async (one, other) => {
  const of = content('a', 'one')
  await expect(imported([told(1, [fileEntry(one, 3, of), fileEntry(other, 3, of)])])).rejects.toMatchObject({
    code: 'ERR_VARVE_BAD_ARGUMENT',
  })
  expect(await repository.snapshots()).toEqual([])
})
