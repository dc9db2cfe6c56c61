import { describe, expect, test } from 'vitest'
import { compareNames } from '../../src/platform/file-name.ts'
import { idOf } from '../../src/repository/id.ts'
import type { Node } from '../../src/repository/node.ts'
import { timestampFromNanoseconds } from '../../src/repository/timestamp.ts'
import { Folder, type PreviousFolder } from '../../src/snapshot/folder.ts'
import { aNode } from '../repository/a-node.ts'

const TREE = idOf(Buffer.from('tree'))

function folderAfter(previous?: PreviousFolder): Folder {
  return new Folder('/folder', undefined, undefined, undefined, previous)
}

function before(...names: readonly string[]): PreviousFolder {
  return { tree: TREE, nodes: names.map((name) => aNode({ name })) }
}

/** The same entries at one moment, as written in a zone. */
function inZone(nodes: readonly Node[], offset: number): readonly Node[] {
  return nodes.map((node) => ({ ...node, mtime: timestampFromNanoseconds(1_700_000_000_000_000_000n, offset) }))
}

/** Fills a folder with these nodes, the last first, comparing each with the parent's entry of its name. */
function filledFolder(previous: PreviousFolder | undefined, nodes: readonly Node[]): Folder {
  const folder = folderAfter(previous)
  const places = nodes.map((node) => ({ node, previous: folder.previousEntry(node.name), slot: folder.reserve() }))
  folder.endScan()
  for (const place of places.toReversed()) folder.fill(place.slot, place.node, place.previous)
  return folder
}

test('entries keep the order of their places, in whatever order they arrive', () => {
  const names = ['a', 'b', 'c', 'd', 'e']
  for (const order of [
    [0, 1, 2, 3, 4],
    [4, 3, 2, 1, 0],
    [2, 4, 0, 3, 1],
  ]) {
    const folder = folderAfter()
    const slots = names.map(() => folder.reserve())
    for (const index of order) folder.fill(slots[index] ?? -1, aNode({ name: names[index] ?? '' }), undefined)
    expect(folder.nodes().map(({ name }) => name)).toEqual(names)
  }
})

test('it is complete when the scan is over and all places are filled or given up', () => {
  const folder = folderAfter()
  expect(folder.complete).toBe(false)
  const [first, second] = [folder.reserve(), folder.reserve(), folder.reserve()]
  folder.fill(second, aNode({ name: 'b' }), undefined)
  folder.drop()
  folder.endScan()
  expect(folder.complete).toBe(false)
  folder.fill(first, aNode({ name: 'a' }), undefined)
  expect(folder.complete).toBe(true)
  expect(folder.nodes().map(({ name }) => name)).toEqual(['a', 'b'])
})

test('an empty folder is complete at once', () => {
  const folder = folderAfter()
  folder.endScan()
  expect(folder.complete).toBe(true)
  expect(folder.nodes()).toEqual([])
})

describe("the parent's entries", () => {
  test('are found by name, whatever is new or gone between them', () => {
    const folder = folderAfter(before('b', 'd', 'e', 'g'))
    const found = ['a', 'b', 'c', 'e', 'f', 'g', 'h'].map((name) => folder.previousEntry(name)?.name)
    expect(found).toEqual([undefined, 'b', undefined, 'e', undefined, 'g', undefined])
  })

  test('are found in the order of bytes, which is not that of strings', () => {
    const names = ['a', '\udc80', '\uff5e', '\u{1f600}', '\udcff'].toSorted(compareNames)
    const folder = folderAfter(before(...names))
    for (const name of names) expect(folder.previousEntry(name)?.name).toBe(name)
  })

  test('are none where there is no parent', () => {
    expect(folderAfter().previousEntry('a')).toBeUndefined()
  })
})

describe("the parent's tree", () => {
  const { nodes } = before('a', 'b', 'c')

  test('stands for a folder that says the same', () => {
    expect(filledFolder(before('a', 'b', 'c'), nodes).reusableTree()).toBe(TREE)
    expect(filledFolder(before(), []).reusableTree()).toBe(TREE)
  })

  test('stands for it although its times were written in another zone', () => {
    expect(filledFolder({ tree: TREE, nodes: inZone(nodes, 330) }, inZone(nodes, -210)).reusableTree()).toBe(TREE)
  })

  test.each<[string, readonly Node[]]>([
    ['one more at the end', [...nodes, aNode({ name: 'd' })]],
    ['one more in between', [...nodes, aNode({ name: 'aa' })].toSorted((a, b) => compareNames(a.name, b.name))],
    ['the first is gone', nodes.slice(1)],
    ['the last is gone', nodes.slice(0, -1)],
    ['all are gone', []],
    ['one has another mode', nodes.map((node) => (node.name === 'b' ? { ...node, mode: 1 } : node))],
    ['one has another name', nodes.map((node) => (node.name === 'c' ? { ...node, name: 'd' } : node))],
  ])('does not where %s', (_, now) => {
    const folder = filledFolder(before('a', 'b', 'c'), now)
    expect(folder.complete).toBe(true)
    expect(folder.reusableTree()).toBeUndefined()
  })

  test('does not where a place was given up', () => {
    const folder = folderAfter(before('a', 'b'))
    folder.fill(folder.reserve(), aNode({ name: 'a' }), folder.previousEntry('a'))
    folder.reserve()
    folder.drop()
    folder.endScan()
    expect(folder.complete).toBe(true)
    expect(folder.reusableTree()).toBeUndefined()
  })

  test('is not there without a parent', () => {
    expect(filledFolder(undefined, nodes).reusableTree()).toBeUndefined()
  })
})
