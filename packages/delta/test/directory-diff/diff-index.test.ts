import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DiffIndex, DirIndex, type DiffIndexOptions } from '@varve/delta'
import { memoryFolder } from '../directory-index/memory-folder.ts'
import { collect, file, folder, link, plant, summaryOf, trees, type Tree } from '../directory-index/trees.ts'

/** Kinds and paths of all changes, with sources. */
async function changesBetween(before: Tree, after: Tree, options: DiffIndexOptions = {}): Promise<readonly string[]> {
  const scratch = memoryFolder()
  plant(join(scratch, 'before'), before)
  plant(join(scratch, 'after'), after)
  await using older = await DirIndex.fromFolder(join(scratch, 'before'))
  await using newer = await DirIndex.fromFolder(join(scratch, 'after'))
  await using diff = await DiffIndex.between(older, newer, options)
  const changes = await collect(diff.changes())
  const total = Object.values(diff.counts).reduce((sum, count) => sum + count, 0)
  expect(total).toBe(changes.length)
  return changes.map(({ kind, path, source }) => `${kind} ${path}${source === undefined ? '' : ` < ${source}`}`)
}

describe('DiffIndex', () => {
  it('tells contents, metadata and kinds apart', async () => {
    const before = {
      same: file('same'),
      content: file('content'),
      mode: file('mode'),
      time: file('time', { mtime: 1n }),
      gone: folder({ empty: folder(), leaf: file('leaf') }),
      link: link('here'),
      'to folder': file('file'),
      'to file': folder({ inner: file('inner') }),
      folder: folder({}, { mode: 0o700 }),
    }
    const after = {
      same: file('same'),
      content: file('CONTENT'),
      mode: file('mode', { mode: 0o600 }),
      time: file('time', { mtime: 2n }),
      link: link('there'),
      'to folder': folder(),
      'to file': link('elsewhere'),
      folder: folder(),
      new: folder({ empty: folder(), file: file('new') }),
    }
    expect(await changesBetween(before, after)).toEqual([
      'updated content',
      'metadata folder',
      'deleted gone',
      'deleted gone/empty',
      'deleted gone/leaf',
      'updated link',
      'metadata mode',
      'created new',
      'created new/empty',
      'created new/file',
      'metadata time',
      'type to file',
      'deleted to file/inner',
      'type to folder',
    ])
  })

  it('finds renamed and moved files by their content: chains, swaps, and into what was something else', async () => {
    const before = {
      a: file('1'),
      b: file('2'),
      c: file('3'),
      folder: folder({ file: file('moved') }),
      x: file('left'),
      y: file('right'),
      z: link('a'),
    }
    const after = {
      b: file('1'),
      c: file('2', { mode: 0o600 }),
      d: file('3'),
      folder: file('moved'),
      x: file('right'),
      y: file('left'),
      z: folder(),
    }
    expect(await changesBetween(before, after)).toEqual([
      'moved a',
      'renamed b < a',
      'renamed c < b',
      'renamed d < c',
      'renamed folder < folder/file',
      'moved folder/file',
      'renamed x < y',
      'renamed y < x',
      'type z',
    ])
    expect(await changesBetween({ a: file('1') }, { b: file('1') }, { renames: false })).toEqual([
      'deleted a',
      'created b',
    ])
  })

  it('takes each file for one renamed one only, and none that stays, and no empty one', async () => {
    expect(await changesBetween({ a: file('1') }, { b: file('1'), c: file('1') })).toEqual([
      'moved a',
      'renamed b < a',
      'created c',
    ])
    expect(await changesBetween({ a: file('1') }, { a: file('1'), b: file('1') })).toEqual(['created b'])
    expect(await changesBetween({ a: file('') }, { b: file('') })).toEqual(['deleted a', 'created b'])
    expect(await changesBetween({ a: file('1'), b: file('1') }, { c: file('1'), d: file('1') })).toEqual([
      'moved a',
      'moved b',
      'renamed c < a',
      'renamed d < b',
    ])
  })

  it('is empty for equal directories, and only for those', async () => {
    const scratch = memoryFolder()
    let round = 0
    await fc.assert(
      fc.asyncProperty(trees, trees, async (one, other) => {
        const paths = [0, 1, 2].map((which) => join(scratch, `${round}-${which}`))
        round++
        for (const [which, tree] of [one, one, other].entries()) plant(paths[which] ?? '', tree)
        const [a, b, c] = await Promise.all(paths.map((path) => DirIndex.fromFolder(path)))
        if (a === undefined || b === undefined || c === undefined) throw new Error('three indexes were made')
        await using same = await DiffIndex.between(a, b)
        expect(same.isEmpty).toBe(true)
        expect(await collect(same.changes())).toEqual([])
        await using different = await DiffIndex.between(a, c)
        expect(different.isEmpty).toBe(a.stateHash === c.stateHash)
        expect((await collect(different.changes())).length === 0).toBe(different.isEmpty)
      }),
      { numRuns: 30 },
    )
  })

  it('knows changes of the folder itself, and is the same from a file', async () => {
    const scratch = memoryFolder()
    plant(join(scratch, 'd'), { a: file('a') })
    await using older = await DirIndex.fromFolder(join(scratch, 'd'))
    await using diff = await DiffIndex.between(DirIndex.empty(), older)
    expect(diff.base.root).toBeUndefined()
    expect(diff.target.root).toEqual({ mode: 0o755, mtime: 1_600_000_000_123_456_789n })
    await diff.toFile(join(scratch, 'diff'))
    await using again = await DiffIndex.fromFile(join(scratch, 'diff'))
    expect(summaryOf(again)).toEqual(summaryOf(diff))
    expect(await collect(again.changes())).toEqual(await collect(diff.changes()))
    await expect(DirIndex.fromFile(join(scratch, 'diff'))).rejects.toMatchObject({ code: 'ERR_VARVE_FORMAT' })
  })
})
