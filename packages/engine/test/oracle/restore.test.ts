import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRepository } from '../../src/repository/create-repository.ts'
import { openRepository } from '../../src/repository/open-repository.ts'
import type { OpenRepository } from '../../src/repository/repository.ts'
import type { RestoreOptions, RestoreResult } from '../../src/restore/restore-options.ts'
import { restore } from '../../src/restore/restore.ts'
import { snapshot } from '../../src/snapshot/snapshot.ts'
import { createStorage } from '../../src/storage/open-storage.ts'
import { makeHardFolder, makeLargeFolder } from '../fixtures/hard-folder.ts'
import { CHEAP_KDF } from '../fixtures/repository-fixture.ts'
import { contentOf } from '../restore/restore-fixture.ts'
import { folderDifferences } from './folder-differences.ts'
import { noRestic, noRustic, Restic, resticMinor, runRustic } from './restic.ts'

const PASSWORD = 'oracle'

/** Making and removing some ten thousand files may take a while. */
const HOOK_TIMEOUT = 120_000

/** Sockets are no part of a snapshot. */
const IGNORED = new Set(['/large/s'])

/** Before 0.16, restic lost what is not valid UTF-8 in the target of a link. */
const TARGETS = ['plain', '/absolute/../path', 'ünïcödé 日本', '<&>', ...(resticMinor < 16 ? [] : ['caf\udce9'])]

const root = mkdtempSync(join(tmpdir(), 'varve-restore-'))
const source = join(root, 'source')
let targets = 0
let layouts: ReturnType<typeof resticRepository> | undefined

beforeAll(() => {
  mkdirSync(source)
  makeHardFolder(join(source, 'hard'), TARGETS)
  makeLargeFolder(join(source, 'large'))
  chmodSync(source, 0o750)
  utimesSync(source, new Date('2020-01-01'), new Date('2020-01-01'))
}, HOOK_TIMEOUT)
afterAll(() => rmSync(root, { recursive: true, force: true }), HOOK_TIMEOUT)

/** A folder that does not exist. */
function newTarget(): string {
  return join(root, `target ${targets++}`)
}

/** restic at a new repository. */
async function resticRepository(
  name: string,
  ...initialize: readonly string[]
): Promise<{ restic: Restic; location: string }> {
  const location = join(root, name)
  const restic = new Restic({ repository: location, password: PASSWORD })
  await restic.run('init', ...initialize)
  return { restic, location }
}

async function withRepository<T>(location: string, work: (repository: OpenRepository) => Promise<T>): Promise<T> {
  const repository = await openRepository({ storage: location, password: PASSWORD })
  try {
    return await work(repository)
  } finally {
    await repository.close()
  }
}

/** Restores the latest snapshot; fails where anything is a problem. */
async function restoreLatest(
  repository: OpenRepository,
  target: string,
  options: Partial<RestoreOptions> = {},
): Promise<RestoreResult> {
  const problems: string[] = []
  const latest = (await repository.snapshots()).at(-1)
  if (latest === undefined) throw new Error('there is no snapshot')
  const result = await restore(repository, {
    snapshot: latest.id,
    target,
    layout: 'content',
    noLock: true,
    onProblem: ({ path, message }) => problems.push(`${path}: ${message}`),
    onNotice: (text) => problems.push(text),
    ...options,
  })
  expect(problems).toEqual([])
  return result
}

describe.skipIf(noRestic)('what restic saved', () => {
  test.each([
    ['version 2', [], []],
    ['uncompressed', [], ['--compression', 'off']],
    ['compressed as far as possible', [], ['--compression', 'max']],
    ['version 1', ['--repository-version', '1'], []],
  ])('comes back as it was: %s', async (name, initialize, options) => {
    const { restic, location } = await resticRepository(name, ...initialize)
    await restic.run('backup', source, ...options)
    const target = newTarget()
    await withRepository(location, async (repository) => {
      const result = await restoreLatest(repository, target, { verify: true })
      expect(folderDifferences(source, target, { ignored: IGNORED })).toEqual([])
      expect(result).toMatchObject({ problems: 0, filesSkipped: 0 })
      expect(result.filesRestored).toBeGreaterThan(5000)
    })
  })

  test('comes back into a folder in which things have happened since', async () => {
    const { restic, location } = await resticRepository('used')
    await restic.run('backup', source)
    const target = newTarget()
    await withRepository(location, async (repository) => {
      await restoreLatest(repository, target)
      const at = (name: string) => join(target, name)
      appendFileSync(at('large/content/noise'), 'more')
      truncateSync(at('large/content/sparse'), 12 << 20)
      writeFileSync(at('large/content/one'), 'something else')
      for (const name of ['hard/kinds/other', 'large/links', 'large/many/3', 'hard/kinds/pipe', 'hard/kinds/block']) {
        rmSync(at(name), { recursive: true })
      }
      mkdirSync(at('large/links'))
      writeFileSync(at('hard/kinds/pipe'), 'no longer')
      writeFileSync(at('large/many/3'), 'a file where a folder was')
      writeFileSync(at('large/many/4/new'), 'new')
      for (const name of ['hard/names', 'large/many/7', 'hard/kinds/empty']) chmodSync(at(name), 0o700)
      const dry = await restoreLatest(repository, target, { delete: true, dryRun: true })
      const result = await restoreLatest(repository, target, { delete: true, verify: true })
      expect({ ...dry, filesVerified: 0 }).toEqual({ ...result, filesVerified: 0 })
      expect(result.filesDeleted).toBe(1)
      // The files whose content was right are not read from the repository again.
      expect(result.bytesWritten).toBeLessThan(60 << 20)
      utimesSync(target, new Date('2020-01-01'), new Date('2020-01-01'))
      expect(folderDifferences(source, target, { ignored: IGNORED })).toEqual([])
      expect(await restoreLatest(repository, target, { delete: true })).toMatchObject({
        filesRestored: 0,
        bytesWritten: 0,
      })
    })
  })

  test('is selected as restic selects it', async () => {
    const { restic, location } = await resticRepository('selected')
    await restic.run('backup', source, '--exclude', 'many', '--exclude', 'content')
    const kinds = `${source}/hard/kinds`
    const selections: readonly (readonly [string, 'include' | 'iinclude' | 'exclude' | 'iexclude'])[] = [
      [kinds, 'include'],
      [kinds, 'exclude'],
      ['*a*', 'include'],
      ['*a*', 'exclude'],
      ['MODE*', 'iinclude'],
      ['MODE*', 'iexclude'],
      ['**/kinds/m*', 'include'],
      ['hard/*', 'exclude'],
      [`${source}/*/times`, 'include'],
      ['/nowhere', 'include'],
    ]
    await withRepository(location, async (repository) => {
      for (const [pattern, how] of selections) {
        const [theirs, ours] = [newTarget(), newTarget()]
        await restic.run('restore', 'latest', '--target', theirs, `--${how}`, pattern)
        await restoreLatest(repository, ours, { layout: 'full-paths', [how]: [pattern] })
        expect({ pattern, how, names: namesIn(ours) }).toEqual({ pattern, how, names: namesIn(theirs) })
      }
    })
  })

  test.each<[string, readonly string[], string, readonly string[]]>([
    ['a folder', ['{source}/hard/times'], '.', ['0', '1']],
    ['a file', ['{source}/hard/times/0'], '.', ['0']],
    ['two folders', ['{source}/hard/times', '{source}/hard/links'], '.', ['links', 'times']],
    ['a relative folder', ['hard/times'], '.', ['0', '1']],
    ['two relative folders', ['hard/times', 'hard/links'], '.', ['links', 'times']],
    ['relative folders of two folders', ['hard/times', 'large/links'], '.', ['hard', 'large']],
    ['the folder that one is in', ['.'], 'hard/times', ['0', '1']],
    ['a folder above', ['../times'], 'hard/links', ['0', '1']],
  ])('lands where it should: %s', async (_, sources, from, expected) => {
    layouts ??= resticRepository('layouts')
    const { restic, location } = await layouts
    const paths = sources.map((path) => path.replace('{source}', source))
    await restic.with({ cwd: join(source, from) }).run('backup', ...paths)
    const target = newTarget()
    await withRepository(location, (repository) => restoreLatest(repository, target))
    expect(Object.keys(contentOf(target))).toEqual(expect.arrayContaining([...expected]))
    expect(
      Object.keys(contentOf(target))
        .filter((path) => !path.includes('/'))
        .slice(0, 2),
    ).toEqual(expected)
  })
})

test.skipIf(noRustic)('what rustic saved comes back as it was', async () => {
  const location = join(root, 'rustic')
  const settings = { repository: location, password: PASSWORD }
  await runRustic(settings, 'init')
  await runRustic(settings, 'backup', source)
  const target = newTarget()
  await withRepository(location, (repository) => restoreLatest(repository, target, { verify: true }))
  // Of the source itself and the folders above it, rustic saves the names only.
  expect(folderDifferences(join(source, 'hard'), join(target, 'hard'))).toEqual([])
  expect(folderDifferences(join(source, 'large'), join(target, 'large'), { ignored: new Set(['/s']) })).toEqual([])
  expect(statSync(target).mtimeMs).toBeGreaterThan(Date.UTC(2020))
})

test('the comparison notices what is not as it was', () => {
  const [one, other] = [join(root, 'one'), join(root, 'other')]
  for (const folder of [one, other]) {
    mkdirSync(folder)
    for (const name of ['content', 'link', 'mode', 'same', 'size', 'time', 'unlinked']) {
      writeFileSync(join(folder, name), 'x')
      utimesSync(join(folder, name), 1, 1)
    }
    utimesSync(folder, 1, 1)
  }
  expect(folderDifferences(one, other)).toEqual([])
  writeFileSync(join(other, 'content'), 'y')
  utimesSync(join(other, 'content'), 1, 1)
  rmSync(join(other, 'link'))
  symlinkSync('x', join(other, 'link'))
  chmodSync(join(other, 'mode'), 0o600)
  writeFileSync(join(other, 'new'), '')
  appendFileSync(join(other, 'size'), 'x')
  utimesSync(join(other, 'time'), 1, 1.000001)
  rmSync(join(other, 'unlinked'))
  linkSync(join(other, 'same'), join(other, 'unlinked'))
  const names = ['content', 'link', 'mode', 'new', 'size', 'time', 'unlinked']
  const differences = folderDifferences(one, other).filter((line) => !line.startsWith('rsync'))
  expect(names.filter((name) => !differences.some((line) => line.includes(`/${name}`)))).toEqual([])
  expect(differences.filter((line) => line.startsWith('/same'))).toEqual([])
})

test('what Varve saved comes back as it was', async () => {
  const repository = await createRepository({
    storage: await createStorage(`sqlite:${join(root, 'backups.db')}`),
    password: PASSWORD,
    kdf: CHEAP_KDF,
  })
  try {
    await snapshot(repository, { paths: [source] })
    const target = newTarget()
    await restoreLatest(repository, target, { verify: true })
    expect(folderDifferences(source, target, { ignored: IGNORED })).toEqual([])
  } finally {
    await repository.close()
  }
})

function namesIn(folder: string): readonly string[] {
  try {
    return Object.keys(contentOf(folder))
  } catch {
    return []
  }
}
