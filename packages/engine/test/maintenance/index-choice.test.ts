import { describe, expect, test } from 'vitest'
import { chooseIndexFiles, type IndexChoice } from '../../src/maintenance/index-choice.ts'
import type { Id } from '../../src/repository/id.ts'

/** Entries of a pack that fills a fifth of an index file alone. */
const MUCH = 10_000

const id = (text: string): Id => text as Id

/** What becomes of files, each with the packs that it names and the entries that it is the first to have of them. */
function choose(
  files: readonly Readonly<Record<string, number>>[],
  obsolete: readonly string[],
  besides: readonly number[] = [],
): IndexChoice {
  return chooseIndexFiles(
    files.map((_, place) => ({ id: id(`file ${place}`), onlyPacks: !besides.includes(place) })),
    files.flatMap((packs, place) =>
      Object.entries(packs).map(([pack, entries]) => ({ pack: id(pack), file: place + 1, entries })),
    ),
    new Set(obsolete.map(id)),
  )
}

/** Files that name one pack each, of one blob. */
function small(count: number): readonly Readonly<Record<string, number>>[] {
  return Array.from({ length: count }, (_, i) => ({ [`p${i}`]: 1 }))
}

describe('of index files', () => {
  test('those stay that name nothing that goes', () => {
    expect(choose([{ a: MUCH, b: 1 }, { c: MUCH, d: 1 }, { e: MUCH }], ['c'])).toEqual({
      keep: ['file 0', 'file 2'],
      replace: ['file 1'],
      packsToName: ['d'],
    })
  })

  test('small ones go where another goes', () => {
    expect(choose([{ a: MUCH - 1 }, { b: MUCH }, { c: MUCH }], ['c'])).toEqual({
      keep: ['file 1'],
      replace: ['file 0', 'file 2'],
      packsToName: ['a'],
    })
  })

  test('small ones go where there are many, and a few are left alone', () => {
    expect(choose([{ a: MUCH }, ...small(8)], [])).toMatchObject({ replace: [], packsToName: [] })
    const many = choose([{ a: MUCH }, ...small(9)], [])
    expect(many.keep).toEqual(['file 0'])
    expect(many.replace).toHaveLength(9)
    expect(many.packsToName).toHaveLength(9)
  })

  test('small ones count as small by what they alone say', () => {
    expect(choose([{ a: 1 }, {}], ['a'])).toEqual({ keep: [], replace: ['file 0', 'file 1'], packsToName: [] })
  })

  test('those go that name the same pack, which is named anew', () => {
    expect(choose([{ a: MUCH, b: MUCH }, { c: MUCH }, { b: 0, d: MUCH }], [])).toEqual({
      keep: ['file 1'],
      replace: ['file 0', 'file 2'],
      packsToName: ['a', 'b', 'd'],
    })
  })

  test('all go that name a pack which goes', () => {
    expect(
      choose(
        [
          { a: MUCH, b: MUCH },
          { b: 0, c: MUCH },
        ],
        ['b'],
      ),
    ).toEqual({
      keep: [],
      replace: ['file 0', 'file 1'],
      packsToName: ['a', 'c'],
    })
  })

  test('those go that describe other things than packs', () => {
    expect(choose([{ a: MUCH }, { b: MUCH }], [], [1])).toEqual({
      keep: ['file 0'],
      replace: ['file 1'],
      packsToName: ['b'],
    })
  })

  test('a pack may come in one file again and again', () => {
    const namings = [MUCH, 3, 0].map((entries) => ({ pack: id('a'), file: 1, entries }))
    expect(chooseIndexFiles([{ id: id('file'), onlyPacks: true }], namings, new Set())).toEqual({
      keep: ['file'],
      replace: [],
      packsToName: [],
    })
  })
})
