import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { VarveError } from '@varve/platform/errors'
import { walkTree } from '../../src/history/walk-tree.ts'
import { listSnapshots } from '../../src/history/list.ts'
import { check } from '../../src/maintenance/check.ts'
import type { Id } from '../../src/repository/id.ts'
import { TreeLoader } from '../../src/repository/tree-loader.ts'
import { restore } from '../../src/restore/restore.ts'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { aNode } from '../repository/a-node.ts'
import { RepositoryFixture } from '../fixtures/repository-fixture.ts'

/** More than any stack holds, and than any walk goes down; VARVE_LEVELS asks for others. */
const LEVELS = Number(process.env['VARVE_LEVELS'] ?? 12_000)

/** Bytes of a path that Linux takes. */
const LONGEST_PATH = 4095

/** A repository with a snapshot of folders in folders, the innermost of which has a file whose content is nowhere. */
async function deepRepository() {
  const fixture = await RepositoryFixture.create()
  const nowhere = 'ab'.repeat(32) as Id
  let tree = fixture.tree([aNode({ name: 'file', type: 'file', content: [nowhere] })])
  for (let level = 0; level < LEVELS; level++) tree = fixture.tree([aNode({ name: 'd', type: 'dir', subtree: tree })])
  await fixture.flush()
  const { id } = await fixture.snapshotOf(tree)
  return { fixture, nowhere, tree, id }
}

describe(`folders ${LEVELS} levels deep`, () => {
  test('are checked to the last, and what is missing there is found', async () => {
    const { fixture, nowhere } = await deepRepository()
    const { problems, counts } = await check(fixture.repository, { noLock: true, readData: true })
    expect(counts.trees).toBe(LEVELS + 1)
    expect(problems.map(({ kind }) => kind)).toEqual(['missing-blob'])
    expect(problems[0]?.message).toContain(nowhere)
  })

  test('are walked as far as any file system goes, and what is below is reported', async () => {
    const { fixture, tree } = await deepRepository()
    const trees = new TreeLoader(await fixture.repository.loadIndex())
    const damaged: VarveError[] = []
    let folders = 0
    for await (const _ of walkTree(trees, tree, { onDamaged: (_path, _id, error) => damaged.push(error) })) folders++
    expect(folders).toBe(4097)
    expect(damaged).toMatchObject([{ code: 'ERR_VARVE_DAMAGED', message: expect.stringContaining('too deep') }])
  })

  test('do not keep snapshots from being listed', async () => {
    const { fixture, id } = await deepRepository()
    const { rows } = await listSnapshots(await fixture.repository.loadIndex())
    expect(rows).toMatchObject([{ snapshot: { id } }])
  })

  test('are restored as far as the system takes their paths, and what is below is reported', async () => {
    const { fixture, id } = await deepRepository()
    const target = join(scratchFolder(), 'target')
    const problems: string[] = []
    const result = await restore(fixture.repository, {
      snapshot: id,
      target,
      layout: 'full-paths',
      workers: 1,
      noLock: true,
      onProblem: ({ message }) => problems.push(message),
    })
    const fitting = Math.floor((LONGEST_PATH - target.length) / '/d'.length)
    expect(result).toMatchObject({ filesRestored: 0, problems: problems.length })
    expect(Math.abs(result.foldersRestored - fitting)).toBeLessThan(10)
    expect(problems.some((message) => message.includes('ENAMETOOLONG'))).toBe(true)
    expect(existsSync(join(target, 'd/'.repeat(1000)))).toBe(true)
  })
})
