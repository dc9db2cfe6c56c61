import type { BigIntStats } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { idOf } from '../../src/repository/id.ts'
import type { Node } from '../../src/repository/node.ts'
import { timestampFromNanoseconds } from '../../src/repository/timestamp.ts'
import { fileChanged, sameNode, sameState } from '../../src/snapshot/change-detection.ts'
import { aNode } from '../repository/a-node.ts'
import { anyNode } from '../repository/any-node.ts'

const MTIME = 1_700_000_000_123_456_789n
const CTIME = 1_700_000_001_000_000_001n
const stats = { size: 7n, mtimeNs: MTIME, ctimeNs: CTIME, ino: BigInt.asIntN(64, 2n ** 63n + 1n) } as BigIntStats
const node = aNode({
  name: 'file',
  type: 'file',
  size: 7n,
  mtime: timestampFromNanoseconds(MTIME),
  ctime: timestampFromNanoseconds(CTIME),
  inode: 2n ** 63n + 1n,
})

describe('fileChanged', () => {
  const noCtime = { ignoreCtime: true, ignoreInode: false }
  const noInode = { ignoreCtime: false, ignoreInode: true }
  const all = { ignoreCtime: false, ignoreInode: false }

  test.each<[string, Partial<Record<'size' | 'mtimeNs' | 'ctimeNs' | 'ino', bigint>>, boolean, boolean, boolean]>([
    ['nothing', {}, false, false, false],
    ['the size', { size: 8n }, true, true, true],
    ['a nanosecond of the time of modification', { mtimeNs: MTIME + 1n }, true, true, true],
    ['an earlier time of modification', { mtimeNs: MTIME - 1_000_000_000n }, true, true, true],
    ['a nanosecond of the time of the inode', { ctimeNs: CTIME + 1n }, true, false, false],
    ['the last bit of the inode number', { ino: 2n ** 63n }, true, true, false],
  ])('when %s differs', (_, differing, normally, ignoringCtime, ignoringInode) => {
    const now = { ...stats, ...differing }
    expect(fileChanged(now, node, all)).toBe(normally)
    expect(fileChanged(now, node, noCtime)).toBe(ignoringCtime)
    expect(fileChanged(now, node, noInode)).toBe(ignoringInode)
  })

  test('when something else was there', () => {
    for (const type of ['dir', 'symlink', 'fifo', 'dev', 'chardev', 'socket', 'irregular'] as const) {
      expect(fileChanged(stats, { ...node, type }, { ignoreCtime: true, ignoreInode: true })).toBe(true)
    }
  })

  test('takes a moment for the same in whatever zone it was written', () => {
    for (const offset of [-210, 0, 330]) {
      const elsewhere = {
        ...node,
        mtime: timestampFromNanoseconds(MTIME, offset),
        ctime: timestampFromNanoseconds(CTIME, offset),
      }
      expect(fileChanged(stats, elsewhere, all)).toBe(false)
    }
  })
})

test('sameState tells every kind of change', () => {
  expect(sameState(stats, { ...stats })).toBe(true)
  for (const field of ['size', 'mtimeNs', 'ctimeNs', 'ino'] as const) {
    expect(sameState(stats, { ...stats, [field]: stats[field] + 1n })).toBe(false)
  }
})

describe('sameNode', () => {
  test('holds for a copy of any node', () => {
    fc.assert(
      fc.property(anyNode, (any) => {
        const copy = {
          ...any,
          content: any.content && [...any.content],
          extendedAttributes: any.extendedAttributes.map(({ name, value }) => ({
            name,
            value: value && Buffer.from(value),
          })),
          genericAttributes: new Map(any.genericAttributes),
        }
        expect(sameNode(any, copy)).toBe(true)
        expect(sameNode(copy, any)).toBe(true)
      }),
    )
  })

  test('does not hold when any one field differs', () => {
    const id = idOf(Buffer.from('x'))
    const other: { readonly [Field in keyof Node]: readonly Node[Field][] } = {
      name: ['other'],
      type: ['dir', 'symlink'],
      mode: [0o644],
      mtime: [timestampFromNanoseconds(MTIME + 1n)],
      atime: [timestampFromNanoseconds(MTIME + 1n)],
      ctime: [timestampFromNanoseconds(CTIME + 1n)],
      uid: [1],
      gid: [1],
      user: ['u'],
      group: ['g'],
      inode: [1n],
      deviceId: [1n],
      size: [8n],
      links: [1n],
      linkTarget: ['target'],
      extendedAttributes: [
        [],
        [{ name: 'user.b', value: Buffer.from('1') }],
        [{ name: 'user.a', value: Buffer.from('2') }],
        [{ name: 'user.a', value: null }],
        [
          { name: 'user.a', value: Buffer.from('1') },
          { name: 'user.b', value: Buffer.from('1') },
        ],
      ],
      genericAttributes: [new Map(), new Map([['a', '2']]), new Map([['b', '1']])],
      device: [1n],
      content: [null, [], [id, id], [idOf(Buffer.from('y'))]],
      subtree: [id],
      error: ['e'],
    }
    const whole: Node = {
      ...node,
      content: [id],
      extendedAttributes: [{ name: 'user.a', value: Buffer.from('1') }],
      genericAttributes: new Map([['a', '1']]),
    }
    for (const [field, values] of Object.entries(other)) {
      for (const value of values) {
        expect.soft(sameNode(whole, { ...whole, [field]: value }), field).toBe(false)
        expect.soft(sameNode({ ...whole, [field]: value }, whole), field).toBe(false)
      }
    }
  })

  test('tells an empty extended attribute from one without value', () => {
    const [empty, none] = [Buffer.alloc(0), null].map((value) => ({
      ...node,
      extendedAttributes: [{ name: 'user.a', value }],
    }))
    expect(empty && none && sameNode(empty, none)).toBe(false)
  })
})
