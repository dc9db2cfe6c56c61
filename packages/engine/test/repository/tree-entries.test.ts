import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isVarveError } from '@varve/platform/errors'
import { idFromBytes, idOf, type Id } from '../../src/repository/id.ts'
import type { Node } from '../../src/repository/node.ts'
import { timestampFromNanoseconds, timestampToNanoseconds } from '../../src/repository/timestamp.ts'
import { decodeEntries, decodeTree } from '../../src/repository/tree-decoding.ts'
import { encodeTree } from '../../src/repository/tree-encoding.ts'
import { TreeEntries, type FileNumbers } from '../../src/repository/tree-entries.ts'
import { sameNode } from '../../src/snapshot/change-detection.ts'
import { aNode } from './a-node.ts'
import { anyNode, anyNodes } from './any-node.ts'

const TREE = idOf(Buffer.from('tree'))
const MTIME = -1_500_000_000_000_000_001n
const CTIME = 1_700_000_000_999_999_999n

const file = aNode({
  name: 'file',
  mode: 0o644,
  mtime: timestampFromNanoseconds(MTIME, 330),
  atime: timestampFromNanoseconds(MTIME, -210),
  ctime: timestampFromNanoseconds(CTIME, 0),
  uid: 1000,
  gid: 100,
  user: 'somebody',
  group: 'people',
  inode: 12_345_678_901n,
  deviceId: 64n,
  size: 5_000_000_000n,
  links: 2n,
  content: [idOf(Buffer.from('a')), idOf(Buffer.from('b'))],
})

const numbers: FileNumbers = {
  mode: 0o644,
  mtime: -1_500_000_001,
  mtimeFraction: 999_999_999,
  atime: -1_500_000_001,
  atimeFraction: 999_999_999,
  ctime: 1_700_000_000,
  ctimeFraction: 999_999_999,
  uid: 1000,
  gid: 100,
  user: 'somebody',
  group: 'people',
  inode: 12_345_678_901,
  device: 64,
  size: 5_000_000_000,
  links: 2,
}

function entriesOf(...nodes: readonly Node[]): TreeEntries {
  return decodeEntries(encodeTree(nodes), TREE)
}

/** What came of decoding: the nodes, or why it failed. */
function outcome(decode: () => readonly Node[]): unknown {
  try {
    return decode()
  } catch (error) {
    if (!isVarveError(error)) throw error
    return error.message
  }
}

function nodesOf(entries: TreeEntries): readonly Node[] {
  return Array.from({ length: entries.count }, (_, entry) => entries.node(entry))
}

/** A file whose fields are usual or not, one by one. */
const anyFile = fc
  .record({ usual: fc.constant(file), other: anyNode, taken: fc.subarray(Object.keys(file) as (keyof Node)[]) })
  .map(({ usual, other, taken }) => ({ ...usual, ...Object.fromEntries(taken.map((key) => [key, other[key]])) }))

test('entries are what the tree decodes to', () => {
  fc.assert(
    fc.property(anyNodes, anyFile, (nodes, extra) => {
      const all = [...nodes.filter(({ name }) => name !== extra.name), extra]
      const bytes = Buffer.from(
        `{"nodes":[${all.map((node) => encodeTree([node]).toString().slice(10, -3)).join()}]}\n`,
      )
      const entries = decodeEntries(bytes, TREE)
      const { nodes: expected } = decodeTree(bytes, TREE)
      expect(nodesOf(entries)).toEqual(expected)
      const contents: Id[] = []
      entries.forEachContent((id) => contents.push(idFromBytes(id)))
      expect(contents).toEqual(expected.flatMap(({ content }) => content ?? []))
      for (const [entry, { name, content }] of expected.entries()) {
        expect(entries.name(entry)).toBe(name)
        expect(entries.isNamed(entry, name)).toBe(true)
        expect(entries.isNamed(entry, `${name}a`)).toBe(false)
        const ids: Id[] = []
        const all = entries.everyContent(entry, (id) => ids.push(idFromBytes(id)) > 0)
        expect(all).toBe(content !== null)
        expect(ids).toEqual(content ?? [])
      }
    }),
  )
})

test('a text that has been tampered with says the same to both, or is damaged for both', () => {
  const bytes = encodeTree([file, { ...file, name: 'other', content: [] }])
  const position = fc.nat(bytes.length - 1)
  const piece = fc.oneof(
    fc.constantFrom('', '"', '\\', ',', '0', '00', '-', 'null', ' ', '/', '9'.repeat(16)),
    fc.string({ maxLength: 3 }),
  )
  fc.assert(
    fc.property(position, fc.nat(3), piece, (at, removed, inserted) => {
      const text = Buffer.concat([bytes.subarray(0, at), Buffer.from(inserted), bytes.subarray(at + removed)])
      const entries = outcome(() => nodesOf(decodeEntries(text, TREE)))
      expect(entries).toEqual(outcome(() => decodeTree(text, TREE).nodes))
    }),
    { numRuns: 2000 },
  )
})

/** The text of the only entry of a tree. */
function entryText(tree: Uint8Array): string {
  return Buffer.from(tree).toString().slice(10, -3)
}

/** What a text decodes to, nothing where it is damaged. */
function entriesIfSound(text: Uint8Array): TreeEntries {
  try {
    return decodeEntries(text, TREE)
  } catch {
    return TreeEntries.of([])
  }
}

/** Whatever the moment, a zone of this many minutes. */
function inZone(node: Node, minutes: number): Node {
  const moved = (time: Node['mtime']): Node['mtime'] => timestampFromNanoseconds(timestampToNanoseconds(time), minutes)
  return { ...node, mtime: moved(node.mtime), atime: moved(node.atime), ctime: moved(node.ctime) }
}

test('the text of an entry is what would be written anew, in the same zone and for nothing unusual', () => {
  const here = inZone(file, 330)
  const entries = entriesOf(here)
  expect(entries.textInZone(0, () => 330)).toBe(entryText(encodeTree([here])))
  for (const other of [0, -330, 331]) expect(entries.textInZone(0, () => other)).toBeUndefined()
  const summer = { ...here, ctime: inZone(file, 390).ctime }
  expect(entriesOf(summer).textInZone(0, (seconds) => (seconds === numbers.ctime ? 390 : 330))).toBe(
    entryText(encodeTree([summer])),
  )
  expect(entriesOf({ ...file, content: null }).textInZone(0, () => 0)).toBeUndefined()
  expect(TreeEntries.of([here]).textInZone(0, () => 330)).toBeUndefined()
})

test.each([
  ['"mode":420,', '"mode":0,'],
  ['"uid":1000,', ''],
  ['"gid":100,', ''],
  ['"user":"somebody"', '"user":""'],
  ['"user":"somebody"', '"user":"a&b"'],
  ['"name":"file"', '"name":"a<b"'],
  ['.999999999Z"', '.900Z"'],
  ['.999999999Z"', '.0Z"'],
  ['.999999999Z"', '.999999999+00:00"'],
  ['.999999999Z"', '.999999999-00:00"'],
])('an entry with %s as %s is written anew', (usual, unusual) => {
  const text = encodeTree([inZone(file, 0)]).toString()
  const changed = Buffer.from(text.replace(usual, unusual))
  expect(changed.toString()).not.toBe(text)
  const entries = decodeEntries(changed, TREE)
  expect(entries.textInZone(0, () => 0)).toBeUndefined()
  expect(entries.node(0)).toEqual(decodeTree(changed, TREE).nodes[0])
})

test('a text that has been tampered with is taken over only if it would be written so', () => {
  const bytes = encodeTree([inZone(file, 0)])
  const piece = fc.oneof(fc.constantFrom('', '"', '0', '00', '-', '+00:00', '<', '&', ' '), fc.string({ maxLength: 2 }))
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(3), piece, (at, removed, inserted) => {
      const text = Buffer.concat([bytes.subarray(0, at), Buffer.from(inserted), bytes.subarray(at + removed)])
      const entries = entriesIfSound(text)
      const written = entries.count === 0 ? undefined : entryText(encodeTree([inZone(entries.node(0), 0)]))
      expect([written, undefined]).toContain(entries.count === 0 ? undefined : entries.textInZone(0, () => 0))
    }),
    { numRuns: 5000 },
  )
})

test.each(['2023-13-01', '2023-02-29', '2023-00-10', '2023-01-00', '20x3-01-01'])(
  '%s is no date for it either',
  (date) => {
    const text = encodeTree([file])
      .toString()
      .replace(/"ctime":"[\d-]+/, `"ctime":"${date}`)
    expect(() => decodeEntries(Buffer.from(text), TREE)).toThrow('a time expected')
  },
)

test('a file is recognised by its numbers, whatever zone its times are in', () => {
  expect(entriesOf(file).isFileOf(0, numbers)).toBe(true)
  for (const key of Object.keys(numbers) as (keyof FileNumbers)[]) {
    const value = numbers[key]
    const other = typeof value === 'string' ? `${value}x` : value + 1
    expect(entriesOf(file).isFileOf(0, { ...numbers, [key]: other })).toBe(false)
  }
})

test('numbers say nothing of entries that have more to them', () => {
  const attributes = [{ name: 'user.a', value: Buffer.from('1') }]
  for (const other of [
    { ...file, extendedAttributes: attributes },
    { ...file, error: 'e' },
    { ...file, genericAttributes: new Map([['a', '1']]) },
    { ...file, type: 'dir' } as const,
    { ...file, content: null },
    { ...file, subtree: TREE },
    { ...file, device: 3n },
    { ...file, linkTarget: 'a' },
    { ...file, inode: 2n ** 63n },
  ]) {
    expect(sameNode(other, file)).toBe(false)
    expect(entriesOf(other).isFileOf(0, { ...numbers, inode: Number(other.inode) })).toBe(false)
    expect(nodesOf(entriesOf(other))).toEqual([other])
  }
})

test('the last of several lists of entries counts', () => {
  const one = encodeTree([file]).toString().slice(10, -3)
  const text = `{"nodes":[${one},${one}],"nodes":[${one}]}`
  expect(nodesOf(decodeEntries(Buffer.from(text), TREE))).toEqual([file])
  expect(decodeEntries(Buffer.from(`{"nodes":[${one}],"nodes":null}`), TREE).count).toBe(0)
})

test('a folder may have more entries than most have', () => {
  const nodes = Array.from({ length: 3000 }, (_, number) => ({ ...file, name: `f${10_000 + number}` }))
  const entries = entriesOf(...nodes)
  expect(entries.count).toBe(3000)
  expect(entries.node(2999)).toEqual(nodes[2999])
  expect(entries.isFileOf(2999, numbers)).toBe(true)
  expect(() => entries.node(3000)).toThrow('no entry 3000')
})
