import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareNames } from '@varve/platform/file-name'
import { idOf } from '../../src/repository/id.ts'
import type { Node } from '../../src/repository/node.ts'
import { timestampFromNanoseconds } from '../../src/repository/timestamp.ts'
import { decodeTree } from '../../src/repository/tree-decoding.ts'
import { encodeTree } from '../../src/repository/tree-encoding.ts'
import { TreeEntries } from '../../src/repository/tree-entries.ts'
import { sameNode } from '../../src/snapshot/change-detection.ts'
import { Folder, type PreviousFolder } from '../../src/snapshot/folder.ts'
import { aNode } from '../repository/a-node.ts'

const TREE = idOf(Buffer.from('tree'))
const MOMENT = 1_700_000_000_000_000_000n

function folderAfter(previous?: PreviousFolder): Folder {
  return new Folder('/folder', undefined, undefined, -1, previous)
}

function before(...names: readonly string[]): PreviousFolder {
  return parentOf(names.map((name) => aNode({ name })))
}

function parentOf(nodes: readonly Node[]): PreviousFolder {
  return { tree: TREE, entries: TreeEntries.of(nodes) }
}

/** The same entries at one moment, as written in a zone; in this machine's if none is given. */
function inZone(nodes: readonly Node[], offset?: number): readonly Node[] {
  const time = timestampFromNanoseconds(MOMENT, offset)
  return nodes.map((node) => ({ ...node, mtime: time, atime: time, ctime: time }))
}

/** Fills a folder with these nodes, comparing each with the parent's entry of its name. They arrive in the order of `order`, or the last first. */
function filledFolder(
  previous: PreviousFolder | undefined,
  nodes: readonly Node[],
  order: readonly number[] = nodes.map((_, index) => index).toReversed(),
): Folder {
  const folder = folderAfter(previous)
  const places = nodes.map((node) => ({ node, previous: folder.previousEntry(node.name), place: folder.reserve() }))
  folder.endScan()
  for (const index of order) {
    const filled = places[index]
    if (filled === undefined) continue
    const { place, node, previous: entry } = filled
    const known = entry === -1 ? undefined : previous?.entries.node(entry)
    if (known !== undefined && sameNode(node, known)) folder.keep(place, entry)
    else folder.fill(place, node)
  }
  return folder
}

/** The entries of the new tree that a folder becomes; undefined where the parent's stands for it. */
function namesOf(folder: Folder): readonly string[] | undefined {
  const tree = folder.tree()
  return 'kept' in tree ? undefined : decodeTree(tree.bytes, TREE).nodes.map(({ name }) => name)
}

test('entries keep the order of their places, in whatever order they arrive', () => {
  const nodes = ['a', 'b', 'c', 'd', 'e'].map((name) => aNode({ name }))
  const orders = fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 })
  const previous = fc.option(fc.subarray(nodes), { nil: undefined })
  fc.assert(
    fc.property(orders, previous, (order, known) => {
      const folder = filledFolder(known && parentOf(known), nodes, order)
      expect(folder.complete).toBe(true)
      expect(folder.entryCount).toBe(5)
      const expected = known?.length === 5 ? { kept: TREE } : { bytes: encodeTree(nodes) }
      expect(folder.tree()).toEqual(expected)
    }),
  )
})

test('it is complete when the scan is over and all places are filled or given up', () => {
  const folder = folderAfter()
  expect(folder.complete).toBe(false)
  const [first, second, third] = [folder.reserve(), folder.reserve(), folder.reserve()]
  folder.fill(third, aNode({ name: 'c' }))
  folder.drop(second)
  folder.endScan()
  expect(folder.complete).toBe(false)
  folder.fill(first, aNode({ name: 'a' }))
  expect(folder.complete).toBe(true)
  expect(namesOf(folder)).toEqual(['a', 'c'])
})

test('an empty folder is complete at once', () => {
  const folder = folderAfter()
  folder.endScan()
  expect(folder.complete).toBe(true)
  expect(folder.entryCount).toBe(0)
  expect(folder.tree()).toEqual({ bytes: encodeTree([]) })
})

test('one all of whose places were given up is empty', () => {
  const folder = folderAfter()
  for (const place of [folder.reserve(), folder.reserve()].toReversed()) folder.drop(place)
  folder.endScan()
  expect(folder.complete).toBe(true)
  expect(namesOf(folder)).toEqual([])
})

describe("the parent's entries", () => {
  test('are found by name, whatever is new or gone between them', () => {
    const folder = folderAfter(before('b', 'd', 'e', 'g'))
    const found = ['a', 'b', 'c', 'e', 'f', 'g', 'h'].map((name) => folder.previousEntry(name))
    expect(found).toEqual([-1, 0, -1, 2, -1, 3, -1])
  })

  test('are found in the order of bytes, which is not that of strings', () => {
    const names = ['a', '\udc80', '\uff5e', '\u{1f600}', '\udcff'].toSorted(compareNames)
    const folder = folderAfter(before(...names))
    for (const [place, name] of names.entries()) expect(folder.previousEntry(name)).toBe(place)
  })

  test('are none where there is no parent', () => {
    expect(folderAfter().previousEntry('a')).toBe(-1)
  })
})

describe("the parent's tree", () => {
  const nodes = ['a', 'b', 'c'].map((name) => aNode({ name }))

  test('stands for a folder that says the same', () => {
    expect(filledFolder(before('a', 'b', 'c'), nodes).tree()).toEqual({ kept: TREE })
    expect(filledFolder(before(), []).tree()).toEqual({ kept: TREE })
  })

  test('stands for it although its times were written in another zone', () => {
    const folder = filledFolder(parentOf(inZone(nodes, 330)), inZone(nodes, -210))
    expect(folder.tree()).toEqual({ kept: TREE })
  })

  test.each<[string, readonly Node[]]>([
    ['one more at the end', [...nodes, aNode({ name: 'd' })]],
    ['one more in between', [...nodes, aNode({ name: 'aa' })].toSorted((a, b) => compareNames(a.name, b.name))],
    ['the first is gone', nodes.slice(1)],
    ['one in between is gone', nodes.filter(({ name }) => name !== 'b')],
    ['the last is gone', nodes.slice(0, -1)],
    ['all are gone', []],
    ['the first has another mode', nodes.map((node) => (node.name === 'a' ? { ...node, mode: 1 } : node))],
    ['the last has another mode', nodes.map((node) => (node.name === 'c' ? { ...node, mode: 1 } : node))],
    ['one has another name', nodes.map((node) => (node.name === 'c' ? { ...node, name: 'd' } : node))],
  ])('does not where %s', (_, now) => {
    const folder = filledFolder(before('a', 'b', 'c'), now)
    expect(folder.complete).toBe(true)
    expect(folder.tree()).toEqual({ bytes: encodeTree(now) })
  })

  test('does not where a place was given up', () => {
    const folder = folderAfter(before('a', 'b'))
    folder.keep(folder.reserve(), folder.previousEntry('a'))
    folder.drop(folder.reserve())
    folder.endScan()
    expect(folder.complete).toBe(true)
    expect(namesOf(folder)).toEqual(['a'])
  })

  test('that is no longer right leaves its zone with no entry', () => {
    const now = inZone(nodes).map((node) => (node.name === 'c' ? { ...node, mode: 1 } : node))
    const folder = filledFolder(parentOf(inZone(nodes, 754)), now)
    expect(folder.tree()).toEqual({ bytes: encodeTree(now) })
  })

  test('is not there without a parent', () => {
    expect(filledFolder(undefined, nodes).tree()).toEqual({ bytes: encodeTree(nodes) })
  })
})
