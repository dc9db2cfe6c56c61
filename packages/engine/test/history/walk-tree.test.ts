import { describe, expect, test } from 'vitest'
import { TreeLoader } from '../../src/repository/tree-loader.ts'
import { walkTree, type WalkOptions } from '../../src/history/walk-tree.ts'
import { idOf, type Id } from '../../src/repository/id.ts'
import { collect } from '../fixtures/collect.ts'
import { aNode } from '../repository/a-node.ts'
import { RepositoryFixture, type FolderContent } from '../fixtures/repository-fixture.ts'

const CONTENT: FolderContent = {
  z: 'file',
  b: { inner: { deep: { file: 'x' } }, same: { file: 'y' } },
  a: { same: { file: 'y' } },
  empty: {},
}

async function pathsOf(fixture: RepositoryFixture, root: Id, options?: WalkOptions): Promise<readonly string[]> {
  const trees = new TreeLoader(await fixture.repository.loadIndex())
  return (await collect(walkTree(trees, root, options))).map((folder) => folder.path)
}

describe('a walk', () => {
  test('meets every folder before what is in it, in the order of names', async () => {
    const fixture = await RepositoryFixture.create()
    const { tree } = await fixture.snapshot(CONTENT)
    const paths = ['', '/a', '/a/same', '/b', '/b/inner', '/b/inner/deep', '/b/same', '/empty']
    expect(await pathsOf(fixture, tree)).toEqual(paths)
  })

  test('meets folders that are equal once if asked', async () => {
    const fixture = await RepositoryFixture.create()
    const { tree } = await fixture.snapshot(CONTENT)
    const paths = ['', '/a', '/a/same', '/b', '/b/inner', '/b/inner/deep', '/empty']
    expect(await pathsOf(fixture, tree, { distinct: true })).toEqual(paths)
  })

  test('leaves out what it is told to', async () => {
    const fixture = await RepositoryFixture.create()
    const { tree } = await fixture.snapshot(CONTENT)
    const seen: string[] = []
    const enter = (path: string): boolean => {
      seen.push(path)
      return path !== '/b'
    }
    expect(await pathsOf(fixture, tree, { enter })).toEqual(['', '/a', '/a/same', '/empty'])
    expect(seen).toEqual(['/a', '/b', '/empty', '/a/same'])
  })

  test('gives the entries of each folder', async () => {
    const fixture = await RepositoryFixture.create()
    const { tree } = await fixture.snapshot(CONTENT)
    const trees = new TreeLoader(await fixture.repository.loadIndex())
    const [root, ...folders] = await collect(walkTree(trees, tree))
    expect(root?.tree.nodes.map((node) => node.name)).toEqual(['a', 'b', 'empty', 'z'])
    for (const { id, tree: folder } of folders) expect(await trees.load(id)).toEqual(folder)
  })

  test('goes on without a folder that cannot be read, where that is allowed', async () => {
    const fixture = await RepositoryFixture.create()
    const gone = idOf(Buffer.of(1))
    const root = fixture.tree([
      aNode({ name: 'a', type: 'dir', subtree: gone }),
      aNode({ name: 'b', type: 'dir', subtree: fixture.folder({ c: {} }) }),
    ])
    await fixture.flush()
    await expect(pathsOf(fixture, root)).rejects.toMatchObject({ code: 'ERR_VARVE_MISSING_BLOB' })
    const damaged: string[] = []
    const onDamaged = (path: string, id: Id): void => void damaged.push(`${path} ${id}`)
    expect(await pathsOf(fixture, root, { onDamaged })).toEqual(['', '/b', '/b/c'])
    expect(damaged).toEqual([`/a ${gone}`])
    expect(await pathsOf(fixture, gone, { onDamaged })).toEqual([])
  })

  test('stops when it is told to', async () => {
    const fixture = await RepositoryFixture.create()
    const { tree } = await fixture.snapshot(CONTENT)
    const controller = new AbortController()
    const trees = new TreeLoader(await fixture.repository.loadIndex())
    const walk = walkTree(trees, tree, { signal: controller.signal })
    await walk.next()
    controller.abort()
    await expect(walk.next()).rejects.toMatchObject({ code: 'ERR_VARVE_ABORTED' })
  })

  test('goes no deeper than any folder is', async () => {
    const fixture = await RepositoryFixture.create()
    let tree = fixture.tree([])
    for (let depth = 0; depth < 4200; depth++) tree = fixture.tree([aNode({ name: 'd', type: 'dir', subtree: tree })])
    await fixture.flush()
    await expect(pathsOf(fixture, tree)).rejects.toMatchObject({ code: 'ERR_VARVE_DAMAGED' })
  })
})
