import * as fc from 'fast-check'
import { compareNames, isEntryName, nameFromBytes } from '@varve/platform/file-name'
import { idOf } from '../../src/repository/id.ts'
import type { Node } from '../../src/repository/node.ts'
import { timestampFromNanoseconds } from '../../src/repository/timestamp.ts'

const bytes = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }).map((text) => Buffer.from(text)),
  fc.uint8Array({ minLength: 1, maxLength: 12 }),
)
const text = fc.oneof(fc.constant(''), fc.string({ unit: 'binary', maxLength: 8 }))
const uint32 = fc.nat(0xffff_ffff)
const uint64 = fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }))
const id = fc.nat().map((number) => idOf(Buffer.from(String(number))))
const time = fc
  .tuple(
    fc.bigInt({ min: -62_167_000_000n, max: 253_402_000_000n }),
    fc.nat(999_999_999),
    fc.integer({ min: -1439, max: 1439 }),
  )
  .map(([seconds, nanoseconds, offset]) =>
    timestampFromNanoseconds(seconds * 1_000_000_000n + BigInt(nanoseconds), offset),
  )
const attribute = fc.record({
  name: text,
  value: fc.option(fc.uint8Array({ maxLength: 20 }).map((value) => Buffer.from(value))),
})

/** Any entry that a tree can hold. */
export const anyNode: fc.Arbitrary<Node> = fc.record({
  name: bytes.map(nameFromBytes).filter(isEntryName),
  type: fc.constantFrom('file', 'dir', 'symlink', 'dev', 'chardev', 'fifo', 'socket', 'irregular'),
  mode: uint32,
  mtime: time,
  atime: time,
  ctime: time,
  uid: uint32,
  gid: uint32,
  user: text,
  group: text,
  inode: uint64,
  deviceId: uint64,
  size: uint64,
  links: uint64,
  linkTarget: fc.oneof(fc.constant(''), bytes.map(nameFromBytes)),
  extendedAttributes: fc.array(attribute, { maxLength: 3 }),
  genericAttributes: fc
    .array(
      fc.tuple(
        text,
        fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
      ),
      { maxLength: 3 },
    )
    .map((entries) => new Map(entries)),
  device: uint64,
  content: fc.option(fc.array(id, { maxLength: 3 })),
  subtree: fc.option(id, { nil: undefined }),
  error: text,
})

/** Any entries in the order that a tree has. */
export const anyNodes: fc.Arbitrary<readonly Node[]> = fc
  .uniqueArray(anyNode, { selector: (node) => node.name, maxLength: 5 })
  .map((nodes) => nodes.toSorted((a, b) => compareNames(a.name, b.name)))
