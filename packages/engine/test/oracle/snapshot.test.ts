import { randomUUID } from 'node:crypto'
import { appendFileSync, cpSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nameToBytes } from '@varve/platform/file-name'
import { restore } from '../../src/restore/restore.ts'
import { makeHardFolder, makeLargeFolder } from '../fixtures/hard-folder.ts'
import { noise } from '../fixtures/repository-fixture.ts'
import { Clients, summaryOf } from './clients.ts'
import { folderDifferences } from './folder-differences.ts'
import { noRestic, noRustic, resticMinor, runRustic } from './restic.ts'

const MODULES = fileURLToPath(new URL('../../../../node_modules', import.meta.url))

/** Thousands of files are made, and all that was restored is removed. */
const HOOK_TIMEOUT = 300_000

/** Sockets are no part of a snapshot. */
const IGNORED = new Set(['/large/s'])
const TARGETS = ['nowhere', '/absolute/../path', 'ünïcödé 日本', '<&>', 'new\nline\x01', '"\\']

const root = join(tmpdir(), `varve-snapshot-${randomUUID()}`)
/** Both clients are run here, so that what lies around the source is no part of a snapshot. */
const work = join(root, 'work')
const source = join(work, 'source')
let repositories = 0

beforeAll(() => {
  mkdirSync(source, { recursive: true })
  makeHardFolder(join(source, 'hard'), TARGETS)
  makeLargeFolder(join(source, 'large'))
}, HOOK_TIMEOUT)
afterAll(() => rmSync(root, { recursive: true, force: true }), HOOK_TIMEOUT)

/** What both say of a backup in figures. */
// prettier-ignore
const COUNTED = [
  'files_new', 'files_changed', 'files_unmodified', 'dirs_new', 'dirs_changed', 'dirs_unmodified', 'data_blobs', 'tree_blobs',
  'data_added', 'total_files_processed', 'total_bytes_processed',
]

/** Both clients at a new repository. */
function clients(): Promise<Clients> {
  return Clients.create(`repository ${repositories++}`, root, work)
}

describe.skipIf(noRestic)('what Varve saved', () => {
  let both: Clients
  beforeAll(async () => {
    both = await clients()
    await both.varve.run('snapshot', 'source', '--tag', 'a,b', '--tag', 'c', '--exclude', '*.none')
  }, HOOK_TIMEOUT)

  test('restic finds sound', async () => {
    expect(await both.restic.run('check', '--read-data')).toContain('no errors were found')
  })

  test('restic lists as Varve does', async () => {
    const [listed] = (await both.restic.json('snapshots')) as readonly [readonly unknown[]]
    const [made] = await both.withRepository((repository) => repository.snapshots())
    const { time, tree, hostname, username } = made ?? {}
    expect(listed).toEqual([
      expect.objectContaining({ time, tree, hostname, username, paths: [source], tags: ['a', 'b', 'c'] }),
    ])
    expect(listed[0]).toMatchObject({ excludes: ['*.none'] })
  })

  test('restic restores as it was', async () => {
    const target = join(root, 'by restic')
    await both.restoreByRestic(target)
    expect(folderDifferences(source, join(target, 'source'), { ignored: IGNORED })).toEqual([])
  })

  test.skipIf(noRustic)('rustic finds sound and restores', async () => {
    await runRustic(both.settings, 'check', '--read-data')
    const target = join(root, 'by rustic')
    await runRustic(both.settings, 'restore', 'latest:/source', target)
    const ignored = new Set(['/s'])
    expect(folderDifferences(join(source, 'large'), join(target, 'large'), { ignored })).toEqual([])
  })

  test('restic lists with all its files', async () => {
    const theirs = (await both.restic.json('ls', 'latest')) as readonly { readonly struct_type: string }[]
    const { totalFilesProcessed } =
      (await both.withRepository((repository) => repository.snapshots()))[0]?.summary ?? {}
    const files = theirs.filter((entry) => 'type' in entry && entry.type === 'file')
    expect(files).toHaveLength(totalFilesProcessed ?? -1)
    expect(files.length).toBeGreaterThan(5000)
  })
})

describe.skipIf(noRestic)('the same folder', () => {
  const nothing = { data_blobs: 0, tree_blobs: 0 }

  test.each(['UTC', 'Asia/Kolkata', 'America/St_Johns'])(
    'adds nothing when the other client saved it: %s',
    async (TZ) => {
      const ours = await clients()
      const environment = { TZ }
      await ours.varve.with({ environment }).run('snapshot', 'source')
      for (const options of [['--force'], []])
        expect(await summaryOf(ours.restic.with({ environment }).json('backup', 'source', ...options))).toMatchObject(
          nothing,
        )
      const theirs = await clients()
      await theirs.restic.with({ environment }).run('backup', 'source')
      for (const options of [['--force'], []])
        expect(
          await summaryOf(theirs.varve.with({ environment }).json('snapshot', 'source', ...options)),
        ).toMatchObject(nothing)
    },
  )

  test('is unchanged for the other client, which reads none of it', async () => {
    const both = await clients()
    await both.restic.run('backup', 'source')
    const ours = await summaryOf(both.varve.json('snapshot', 'source'))
    expect(ours).toMatchObject({ files_new: 0, files_changed: 0, dirs_new: 0, dirs_changed: 0, ...nothing })
    const theirs = await summaryOf(both.restic.json('backup', 'source'))
    expect(theirs).toMatchObject({ files_new: 0, files_changed: 0, dirs_new: 0, dirs_changed: 0, ...nothing })
    const [first, second, third] = await both.withRepository((repository) => repository.snapshots())
    expect(second).toMatchObject({ parent: first?.id, tree: first?.tree })
    expect(third).toMatchObject({ parent: second?.id, tree: first?.tree })
  })

  test('is unchanged for Varve in whatever zone it was saved, and its trees are kept', async () => {
    const both = await clients()
    await both.restic.with({ environment: { TZ: 'Asia/Kolkata' } }).run('backup', 'source')
    const elsewhere = both.varve.with({ environment: { TZ: 'America/St_Johns' } })
    expect(await summaryOf(elsewhere.json('snapshot', 'source'))).toMatchObject({ ...nothing, files_changed: 0 })
  })

  test('adds the same when part of it changed, whoever saves it', async () => {
    const folder = join(work, 'changing')
    mkdirSync(join(folder, 'inner'), { recursive: true })
    writeFileSync(join(folder, 'inner', 'large'), noise(12_000_000, 7))
    writeFileSync(join(folder, 'inner', 'unchanged'), 'unchanged')
    const ours = await clients()
    await ours.varve.run('snapshot', 'changing')
    const copy = join(root, 'copy')
    cpSync(ours.settings.repository, copy, { recursive: true })
    appendFileSync(join(folder, 'inner', 'large'), 'more')
    writeFileSync(join(folder, 'new'), 'new')
    const summaries = [
      await summaryOf(ours.varve.json('snapshot', 'changing')),
      await summaryOf(ours.restic.with({ repository: copy }).json('backup', 'changing')),
    ]
    const [left, right] = summaries.map((summary) => COUNTED.map((field) => [field, summary[field]]))
    expect(left).toEqual(right)
    expect(left?.every(([, count]) => typeof count === 'number')).toBe(true)
  })

  test('that is an installed set of packages adds nothing either', async () => {
    const names = ['@types', 'commander', 'fast-check', 'typescript', 'valibot', 'vite', 'vitest', '.bin']
    const packages = names.filter((name) => existsSync(join(MODULES, name)))
    expect(packages).toContain('typescript')
    const both = await clients()
    const [varve, restic] = [both.varve.with({ cwd: MODULES }), both.restic.with({ cwd: MODULES })]
    const ours = await summaryOf(varve.json('snapshot', ...packages))
    expect(ours).toMatchObject({ files_unmodified: 0 })
    expect(await summaryOf(restic.json('backup', '--force', ...packages))).toMatchObject(nothing)
    expect(await both.problems()).toEqual([])
    const target = join(root, 'packages')
    await both.restoreByRestic(target)
    for (const name of packages) expect(folderDifferences(join(MODULES, name), join(target, name))).toEqual([])
  })
})

describe.skipIf(noRestic)('where restic of this version differs', () => {
  test('what it knows too little of is restored as far as it knows it, and Varve finds it whole', async () => {
    const folder = join(work, 'newer')
    mkdirSync(folder)
    // A character of Unicode 14, which restic quotes when its Go is older; bytes in a target that is not UTF-8, which it kept from 0.16 on.
    writeFileSync(join(folder, 'a\u{1fae0}b'), 'content')
    symlinkSync(nameToBytes('caf\udce9'), join(folder, 'link'))
    const both = await clients()
    await both.varve.run('snapshot', 'newer')
    const { tree_blobs: added } = await summaryOf(both.restic.json('backup', '--force', 'newer'))
    // The folder, and the one that it is in.
    expect([0, 2]).toContain(added)
    expect(added === 2 || resticMinor >= 16).toBe(true)
    expect(await both.problems()).toEqual([])
    await both.withRepository(async (repository) => {
      const [ours] = await repository.snapshots()
      if (ours === undefined) throw new Error('the snapshot is gone')
      const target = join(root, 'newer')
      await restore(repository, { snapshot: ours.id, target, layout: 'content' })
      expect(folderDifferences(folder, target)).toEqual([])
    })
  })
})
