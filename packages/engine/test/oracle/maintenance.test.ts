import { execFileSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  type Dirent,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listSnapshots } from '../../src/history/list.ts'
import { readFile } from '../../src/history/read-file.ts'
import { repositoryStatistics } from '../../src/history/statistics.ts'
import { check } from '../../src/maintenance/check.ts'
import { prune } from '../../src/maintenance/prune.ts'
import { openRepository } from '../../src/repository/open-repository.ts'
import type { OpenRepository } from '../../src/repository/repository.ts'
import { collect } from '../fixtures/collect.ts'
import { noise } from '../fixtures/repository-fixture.ts'
import { makeHardFolder } from '../fixtures/hard-folder.ts'
import { noRestic, noRustic, RESTIC, RUSTIC } from './restic.ts'

const PASSWORD = 'oracle'
const MODULES = fileURLToPath(new URL('../../../../node_modules/fast-check', import.meta.url))

const root = mkdtempSync(join(tmpdir(), 'varve-maintenance-'))
const source = join(root, 'source')
afterAll(() => rmSync(root, { recursive: true, force: true }))

function restic(repository: string, ...parameters: readonly string[]): string {
  const environment = { ...process.env, RESTIC_PASSWORD: PASSWORD, RESTIC_CACHE_DIR: join(root, 'cache') }
  return execFileSync(RESTIC, ['-r', repository, '--no-cache', ...parameters], {
    env: environment,
    encoding: 'utf8',
    stdio: 'pipe',
  })
}

/** How restic's check ends. It tries for a minute and a half to read what is not there, so it is only asked to where nothing else tells. */
function resticComplains(repository: string): boolean {
  for (const parameters of [['check'], ['check', '--read-data']]) {
    try {
      restic(repository, ...parameters)
    } catch {
      return true
    }
  }
  return false
}

async function withRepository<T>(location: string, work: (repository: OpenRepository) => Promise<T>): Promise<T> {
  const repository = await openRepository({ storage: location, password: PASSWORD })
  try {
    return await work(repository)
  } finally {
    await repository.close()
  }
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry: Dirent) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .toSorted()
}

/** What a restore makes of a snapshot: each file and its hash, in whatever bytes its name is. */
function restored(repository: string, snapshot: string): string {
  const target = mkdtempSync(join(root, 'restored-'))
  restic(repository, 'restore', snapshot, '--target', target)
  const hashes = execFileSync('sh', ['-c', 'find . -type f -print0 | sort -z | xargs -0 sha256sum'], {
    cwd: target,
    encoding: 'latin1',
    maxBuffer: 16 * 1024 * 1024,
  })
  rmSync(target, { recursive: true, force: true })
  return hashes
}

/** The files of a source at four moments: some that stay, some that change, some that come and go, large and small. */
function makeMoment(moment: number): void {
  if (moment === 0) {
    mkdirSync(source)
    makeHardFolder(join(source, 'hard'), ['nowhere'])
    cpSync(MODULES, join(source, 'modules'), { recursive: true })
    writeFileSync(join(source, 'stays'), noise(9_000_000, 1))
  }
  writeFileSync(join(source, 'changes'), noise(5_000_000, 100 + moment))
  writeFileSync(join(source, `only ${moment}`), noise(3_000_000, 200 + moment))
  if (moment > 0) rmSync(join(source, `only ${moment - 1}`))
}

/** The largest first: these hold content, not folders. */
function packsIn(location: string): readonly string[] {
  const paths = filesIn(join(location, 'data')).map((path) => join(location, 'data', path))
  return paths.toSorted((a, b) => statSync(b).size - statSync(a).size)
}

function firstIn(location: string, folder: string): string {
  return join(location, folder, String(filesIn(join(location, folder))[0]))
}

describe.skipIf(noRestic)('repositories that restic made', () => {
  const original = join(root, 'original')
  let copies = 0

  beforeAll(() => {
    restic(original, 'init')
    for (const moment of [0, 1, 2, 3]) {
      makeMoment(moment)
      restic(original, 'backup', '--host', 'oracle', source)
    }
  })

  function copy(): string {
    const location = join(root, `copy-${copies++}`)
    cpSync(original, location, { recursive: true })
    return location
  }

  test('are found to be sound', async () => {
    const result = await withRepository(original, (repository) => check(repository, { readData: true }))
    expect(result).toMatchObject({ problems: [], hints: [], counts: { snapshots: 4 } })
  })

  test('are pruned by Varve so that restic finds them sound, and restores the same', async () => {
    const location = copy()
    const [first, second, third, fourth] = await withRepository(location, (repository) => repository.snapshots())
    if (first === undefined || second === undefined || third === undefined || fourth === undefined)
      throw new Error('there should be four snapshots')
    const before = [second, fourth].map(({ id }) => restored(location, id))
    const result = await withRepository(location, (repository) =>
      prune(repository, { remove: [first.id, third.id], maxUnused: { percent: 0 } }),
    )
    expect(result.figures.packsRepacked).toBeGreaterThan(0)
    expect(restic(location, 'check', '--read-data')).toContain('no errors were found')
    expect([second, fourth].map(({ id }) => restored(location, id))).toEqual(before)
    const left = await withRepository(location, async (repository) =>
      repositoryStatistics(await repository.loadIndex(), { unused: true }),
    )
    expect(left).toMatchObject({ snapshots: 2, unusedBytes: 0, duplicateBytes: 0 })
    expect(restic(location, 'prune', '--max-unused', '0')).not.toMatch(/to repack: +[1-9]/)
  })

  test('are pruned by Varve so that restic finds them sound where an index stays as it is', async () => {
    const location = join(root, 'kept-index')
    const folders = { many: join(root, 'many'), other: join(root, 'other') }
    for (const folder of Object.values(folders)) mkdirSync(folder)
    // As many as make an index file that is not small.
    for (let i = 0; i < 10_000; i++) writeFileSync(join(folders.many, `${i}`), `${i}`)
    restic(location, 'init')
    restic(location, 'backup', folders.many)
    const [kept] = filesIn(join(location, 'index'))
    for (const moment of [0, 1]) {
      writeFileSync(join(folders.other, 'stays'), noise(3_000_000, 300))
      writeFileSync(join(folders.other, 'changes'), noise(3_000_000, 301 + moment))
      restic(location, 'backup', folders.other)
    }
    const [first, second, third] = await withRepository(location, (repository) => repository.snapshots())
    if (first === undefined || second === undefined || third === undefined)
      throw new Error('there should be three snapshots')
    const before = [first.id, third.id].map((id) => restored(location, id))
    await withRepository(location, (repository) =>
      prune(repository, { remove: [second.id], maxUnused: { percent: 0 } }),
    )
    const files = filesIn(join(location, 'index'))
    expect(files).toContain(kept)
    expect(files).toHaveLength(2)
    expect(restic(location, 'check', '--read-data')).toContain('no errors were found')
    expect([first.id, third.id].map((id) => restored(location, id))).toEqual(before)
    expect(restic(location, 'prune', '--max-unused', '0')).not.toMatch(/to repack: +[1-9]|to delete: +[1-9]/)
  })

  test('are as small after a prune as restic would make them', async () => {
    const [ours, theirs] = [copy(), copy()]
    const [first] = await withRepository(ours, (repository) => repository.snapshots())
    if (first === undefined) throw new Error('there should be a snapshot')
    await withRepository(ours, (repository) => prune(repository, { remove: [first.id] }))
    restic(theirs, 'forget', '--prune', first.id)
    const sizeOf = async (location: string): Promise<number> =>
      withRepository(
        location,
        async (repository) => (await repositoryStatistics(await repository.loadIndex())).packBytes,
      )
    expect(Math.abs((await sizeOf(ours)) - (await sizeOf(theirs)))).toBeLessThan(100_000)
  })

  test('are found to be sound after restic pruned them', async () => {
    const location = copy()
    const [first, , third] = await withRepository(location, (repository) => repository.snapshots())
    restic(location, 'forget', '--prune', '--max-unused', '0', String(first?.id), String(third?.id))
    const result = await withRepository(location, (repository) => check(repository, { readData: true }))
    expect(result).toMatchObject({ problems: [], hints: [], counts: { snapshots: 2 } })
  })

  test('are found to be sound where they are of version 1, and are pruned', async () => {
    const location = join(root, 'version-1')
    restic(location, 'init', '--repository-version', '1')
    restic(location, 'backup', join(source, 'modules'), join(source, 'changes'))
    restic(location, 'backup', join(source, 'modules'))
    const [first] = await withRepository(location, (repository) => repository.snapshots())
    const checked = async (): Promise<unknown> =>
      (await withRepository(location, (repository) => check(repository, { readData: true }))).problems
    expect(await checked()).toEqual([])
    await withRepository(location, (repository) =>
      prune(repository, { remove: first === undefined ? [] : [first.id], maxUnused: { bytes: 0 } }),
    )
    expect(await checked()).toEqual([])
    expect(restic(location, 'check', '--read-data')).toContain('no errors were found')
  })

  test.skipIf(noRustic)('are found to be sound after rustic wrote to them and pruned them', async () => {
    const location = copy()
    const environment = {
      ...process.env,
      RUSTIC_PASSWORD: PASSWORD,
      RUSTIC_REPOSITORY: location,
      RUSTIC_NO_CACHE: 'true',
    }
    const rustic = (...parameters: readonly string[]): void =>
      void execFileSync(RUSTIC, parameters, { env: environment, stdio: 'pipe' })
    rustic('backup', join(source, 'modules'))
    const checked = async (): Promise<unknown> =>
      (await withRepository(location, (repository) => check(repository, { readData: true }))).problems
    expect(await checked()).toEqual([])
    const [first] = await withRepository(location, (repository) => repository.snapshots())
    rustic('forget', String(first?.id))
    rustic('prune', '--instant-delete', '--keep-delete', '0s')
    expect(await checked()).toEqual([])
  })

  test('have the sizes that restic says', async () => {
    for (const sizes of ['first-added', 'freed'] as const) {
      const list = await withRepository(original, (repository) => listSnapshots(repository, { sizes }))
      const stats = list.rows.map(
        ({ snapshot }) =>
          JSON.parse(restic(original, 'stats', '--json', '--mode', 'restore-size', snapshot.id)) as {
            total_size: number
          },
      )
      expect(list.rows.map((row) => row.size)).toEqual(stats.map((of) => of.total_size))
    }
  })

  test('have files that are read as restic dumps them', async () => {
    const [first] = await withRepository(original, (repository) => repository.snapshots())
    if (first === undefined) throw new Error('there should be a snapshot')
    for (const path of ['only 0', 'changes', 'modules/package.json', 'hard/kinds/empty']) {
      const target = join(source, path)
      const dumped = execFileSync(RESTIC, ['-r', original, '--no-cache', 'dump', first.id, target], {
        env: { ...process.env, RESTIC_PASSWORD: PASSWORD },
        maxBuffer: 1 << 28,
      })
      const read = await withRepository(original, async (repository) =>
        Buffer.concat(await collect(readFile(await repository.loadIndex(), first, target))),
      )
      expect(read.equals(dumped)).toBe(true)
    }
  })

  test.each<[string, (location: string) => void]>([
    ['a pack is gone', (location) => rmSync(String(packsIn(location)[0]))],
    ['a pack is cut off', (location) => change(String(packsIn(location)[1]), (bytes) => bytes.subarray(0, -100))],
    ['a pack is longer', (location) => change(String(packsIn(location)[2]), (bytes) => Buffer.concat([bytes, bytes]))],
    ['a pack is empty', (location) => change(String(packsIn(location)[0]), () => Buffer.alloc(0))],
    ['a bit of a pack is flipped', (location) => change(String(packsIn(location)[3]), flipMiddle)],
    ['a bit of an index is flipped', (location) => change(firstIn(location, 'index'), flipMiddle)],
    ['an index is gone', (location) => rmSync(firstIn(location, 'index'))],
    ['a bit of a snapshot is flipped', (location) => change(firstIn(location, 'snapshots'), flipMiddle)],
    ['a snapshot is empty', (location) => change(firstIn(location, 'snapshots'), () => Buffer.alloc(0))],
  ])('are found to be damaged by both where %s', async (_, damage) => {
    const location = copy()
    damage(location)
    const { problems } = await withRepository(location, (repository) => check(repository, { readData: true }))
    expect(problems).not.toEqual([])
    expect(resticComplains(location)).toBe(true)
  })
})

function change(path: string, how: (bytes: Buffer) => Uint8Array): void {
  const bytes = how(readFileSync(path))
  rmSync(path)
  writeFileSync(path, bytes)
}

function flipMiddle(bytes: Buffer): Uint8Array {
  const middle = bytes.length >> 1
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle)
  return bytes
}
