import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { BlobClaims } from '../../src/repository/blob-claims.ts'
import { BlobIndex } from '../../src/repository/blob-index.ts'
import { BlobOpener } from '../../src/repository/blob-opening.ts'
import { idFromBytes } from '../../src/repository/id.ts'
import { PACK_CAPACITY, PackWriter } from '../../src/repository/pack-writer.ts'
import { Sealer } from '../../src/repository/sealing.ts'
import { encodeTree, TreeEncoder } from '../../src/repository/tree-encoding.ts'
import { fileNode } from './file-node.ts'
import { bytesPerCall } from './heap-growth.ts'
import { contentsOf } from '../repository/test-packs.ts'
import { KINDS, options, packOf } from './packed-blobs.ts'

/*
 * How much each of these leaves on JavaScript's heap, which is what collections of garbage take their time for. The smallest object has 16 bytes,
 * a number that is no small integer 12.
 */

const [SHORT_NOISE] = KINDS

describe('an index of 3000 blobs', () => {
  const count = 3000
  const raw = Array.from({ length: count }, () => randomBytes(32))
  const index = new BlobIndex()
  index.add({
    id: idFromBytes(randomBytes(32)),
    blobs: raw.map((id, at) => ({
      type: 'data',
      id: idFromBytes(id),
      offset: at * 100,
      length: 100,
      uncompressedLength: 0,
    })),
  })
  const unknown = randomBytes(32)

  test('is asked without anything being allocated', () => {
    expect(bytesPerCall((call) => void index.hasBytes('data', raw[call] ?? unknown), count)).toBeLessThan(8)
    expect(bytesPerCall(() => void index.hasBytes('data', unknown), count)).toBeLessThan(8)
  })

  test('gives away a blob once for next to nothing', () => {
    const claims = BlobClaims.create(index)
    const wanted = Array.from({ length: count }, () => randomBytes(32))
    for (const id of wanted) claims.claim('data', id)
    // A number that is no small integer, for the hash, or two.
    expect(bytesPerCall((call) => void claims.claim('data', wanted[call] ?? unknown), count)).toBeLessThan(24)
  })
})

test('a short blob that is packed leaves its record and its tag', () => {
  const { blobs } = SHORT_NOISE.plain()
  const memory = new Uint8Array(PACK_CAPACITY)
  const writer = new PackWriter('data', options, { allocate: () => memory, release: () => undefined })
  const bytes = bytesPerCall((call) => {
    if (call === 0 && !writer.empty) writer.finish()
    const blob = blobs[call]
    if (blob !== undefined) writer.add(blob.id, blob.plain)
  }, 400)
  // 1290 now: a tenth is the record, most of the rest Node's object for the tag. Another array for each blob would be 200 more.
  expect(bytes).toBeLessThan(1400)
})

test('a short blob that is opened leaves its tag', () => {
  const pack = packOf(SHORT_NOISE.plain())
  const { blobs } = contentsOf(pack.indexed)
  const opener = new BlobOpener(new Sealer(options.key))
  const sealed = new Uint8Array(pack.bytes.length)
  const bytes = bytesPerCall((call) => {
    const blob = blobs[call]
    if (blob === undefined) return
    const place = sealed.subarray(blob.offset, blob.offset + blob.length)
    // What is opened is overwritten.
    place.set(pack.bytes.subarray(blob.offset, blob.offset + blob.length))
    opener.open(place, blob)
  }, 400)
  // 1830 now: the tag, keys and keystream, and the id as text. Another array for each blob would be 200 more.
  expect(bytes).toBeLessThan(1980)
})

test('a tree is encoded for little more than its text', () => {
  const nodes = Array.from({ length: 500 }, (_, number) => fileNode(number))
  const perNode = encodeTree(nodes).length / nodes.length
  let encoder = new TreeEncoder()
  const bytes = bytesPerCall((call) => {
    if (call === 0) encoder = new TreeEncoder()
    const node = nodes[call]
    if (node !== undefined) encoder.add(node)
  }, nodes.length)
  // 4.8 times now: V8 joins pieces of text by reference, 32 bytes a piece, and then makes one text of them. Another text of each entry would be one more.
  expect(bytes / perNode).toBeLessThan(5.6)
})
