import { currentPlatform } from '@varve/platform'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { idOf, type Id } from '../../../src/repository/id.ts'
import { encodeTree } from '../../../src/repository/tree-encoding.ts'
import type { ImportedEntry } from '../../../src/snapshot/import/import-options.ts'
import { ImportedFolder, ImportedTrees } from '../../../src/snapshot/import/imported-tree.ts'

interface Told {
  readonly entry: ImportedEntry
  readonly content: readonly Id[]
}

const locate = (): never => {
  throw new Error('nobody reads it')
}

/** Makes trees that are kept nowhere. `saved` counts them. */
function makeTrees(): { readonly treeOf: (told: readonly Told[]) => Id; readonly saved: () => number } {
  let saved = 0
  const trees = new ImportedTrees({
    platform: currentPlatform(),
    save: (nodes) => {
      saved++
      return idOf(encodeTree(nodes))
    },
  })
  const leading = { type: 'dir', mode: 0o755, mtime: 0n, uid: 0, gid: 0 } as const
  const treeOf = (told: readonly Told[]): Id => {
    const root = new ImportedFolder()
    for (const { entry, content } of told) root.add(entry, content)
    return trees.make(root, leading, () => undefined)
  }
  return { treeOf, saved: () => saved }
}

const FOLDERS = ['/t', '/t/d', '/t/d/e']

const entries = fc
  .uniqueArray(
    fc.record({
      path: fc.constantFrom('/t/a', '/t/b', '/t/a!', '/t/d/a', '/t/d/b', '/t/d/e/a', '/t/d!', '/t/é', '/t/\udcff'),
      type: fc.constantFrom('file' as const, 'symlink' as const),
      content: fc.constantFrom('one', 'two'),
      mode: fc.constantFrom(0o644, 0o600),
      mtime: fc.constantFrom(1n, 2n),
      uid: fc.constantFrom(1, 2),
      gid: fc.constantFrom(1, 2),
    }),
    { selector: ({ path }) => path, maxLength: 7 },
  )
  .map((all) =>
    all.map(({ type, content, ...rest }): Told => {
      if (type === 'symlink') return { entry: { ...rest, type, target: content }, content: [] }
      const entry = { ...rest, type, size: content.length, content: { key: content, locate } }
      return { entry, content: [idOf(Buffer.from(content))] }
    }),
  )
const folders = fc
  .subarray(FOLDERS)
  .chain((paths) =>
    fc.tuple(
      ...paths.map((path) =>
        fc.record({ path: fc.constant(path), type: fc.constant('dir' as const), mode: fc.constantFrom(0o755, 0o700) }),
      ),
    ),
  )
const tree = fc
  .tuple(entries, folders)
  .map(([others, own]): readonly Told[] => [
    ...others,
    ...own.map((folder) => ({ entry: { ...folder, mtime: 3n, uid: 1, gid: 1 }, content: [] })),
  ])

test('a tree among others is the one that it would be alone, in whatever order its entries come', () => {
  fc.assert(
    fc.property(fc.array(tree, { minLength: 2, maxLength: 5 }), (all) => {
      const { treeOf } = makeTrees()
      expect(all.map(treeOf)).toEqual(all.map((told) => makeTrees().treeOf(told.toReversed())))
    }),
  )
})

test('folders that are as they were are not made again', () => {
  fc.assert(
    fc.property(tree, (told) => {
      const { treeOf, saved } = makeTrees()
      treeOf(told)
      const before = saved()
      treeOf(told)
      expect(saved()).toBe(before)
    }),
  )
})
