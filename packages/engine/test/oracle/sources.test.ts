import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRepository } from '../../src/repository/create-repository.ts'
import { openRepository } from '../../src/repository/open-repository.ts'
import { TreeLoader } from '../../src/repository/tree-loader.ts'
import { walkTree } from '../../src/history/walk-tree.ts'
import type { OpenRepository } from '../../src/repository/repository.ts'
import type { StoredSnapshot } from '../../src/repository/snapshot.ts'
import { snapshot } from '../../src/snapshot/snapshot.ts'
import { CHEAP_KDF } from '../fixtures/repository-fixture.ts'
import { noRestic, Restic } from './restic.ts'

const root = join(tmpdir(), `varve-sources-${randomUUID()}`)
/** What sources lie in. The repository does not: restic would not leave it out. */
const area = join(root, 'area')
const work = join(area, 'work')
const location = join(root, 'repository')
const restic = new Restic({ repository: location, password: 'x', cwd: work })
let repository: OpenRepository

beforeAll(async () => {
  for (const folder of ['work', 'other']) {
    mkdirSync(join(area, folder, 'in', 'deep', 'er'), { recursive: true })
    for (const file of ['f', 'in/g', 'in/deep/h', 'in/deep/er/i'])
      writeFileSync(join(area, folder, file), folder + file)
  }
  for (const folder of ['in', 'in-1']) mkdirSync(join(area, folder))
  writeFileSync(join(area, 'in', 'x'), 'x')
  symlinkSync('../other', join(work, 'link'))
  await (await createRepository({ storage: location, password: 'x', kdf: CHEAP_KDF })).close()
  repository = await openRepository({ storage: location, password: 'x' })
})

afterAll(async () => {
  await repository.close()
  rmSync(root, { recursive: true, force: true })
})

/** All entries of a snapshot and what they are, times of inodes aside: those of the folders around change all the time. */
async function entriesOf({ tree: id }: StoredSnapshot): Promise<readonly string[]> {
  const entries: string[] = []
  for await (const { path, tree } of walkTree(new TreeLoader(await repository.loadIndex()), id))
    for (const { name, type, inode, mode, content } of tree.nodes)
      entries.push(`${path}/${name} ${type} ${inode} ${mode.toString(8)} ${content?.join() ?? ''}`)
  return entries
}

/** Takes snapshots of the same sources with both, the working folder being `work`. */
async function takenByBoth(sources: readonly string[]): Promise<Record<'ours' | 'theirs', StoredSnapshot>> {
  const known = new Set((await repository.snapshots()).map(({ id }) => id))
  await restic.run('backup', '--force', ...sources)
  const theirs = (await repository.snapshots()).find(({ id }) => !known.has(id))
  const before = process.cwd()
  process.chdir(work)
  try {
    const { snapshot: ours } = await snapshot(repository, { paths: sources, force: true, noLock: true })
    if (ours === undefined || theirs === undefined) throw new Error('a snapshot is missing')
    return { ours, theirs }
  } finally {
    process.chdir(before)
  }
}

describe.skipIf(noRestic)('sources lie where restic puts them', () => {
  test.each([
    [['f']],
    [['in']],
    [['in/deep']],
    [['.']],
    [['..']],
    [['../other/in']],
    [['link']],
    [['link/in']],
    [['f', '.']],
    [['.', 'f']],
    [['f', './f', 'in/..']],
    [['in', 'in/deep/er']],
    [['in/deep', 'in/g', 'in']],
    [['link', 'link/in']],
    [['in', '../other/in', '../in']],
    [['link/f', '../other/f']],
  ])('relative: %j', async (sources) => {
    const { ours, theirs } = await takenByBoth(sources)
    expect(await entriesOf(ours)).toEqual(await entriesOf(theirs))
    expect(ours.tree).toBe(theirs.tree)
    expect(ours.paths).toEqual(theirs.paths)
  })

  test.each([
    [['%/work/in']],
    [['%/work/f', '%/other/f']],
    [['%/work//in/', '%/work/in/../in/deep']],
    [['%/work/in', 'in']],
    [['in/deep', '%/other', '../other/in/deep']],
    [['%/in/x', '../work/in']],
    [['%']],
  ])('absolute: %j', async (sources) => {
    const { ours, theirs } = await takenByBoth(sources.map((path) => path.replace('%', area)))
    expect(await entriesOf(ours)).toEqual(await entriesOf(theirs))
    expect(ours.paths).toEqual(theirs.paths)
  })
})
