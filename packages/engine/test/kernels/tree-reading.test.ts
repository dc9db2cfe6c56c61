import { describe, expect, test } from 'vitest'
import { Compressor } from '../../src/repository/compression.ts'
import { idOf } from '../../src/repository/id.ts'
import { Sealer } from '../../src/repository/sealing.ts'
import { encodeTree } from '../../src/repository/tree-encoding.ts'
import { TreeGroup } from '../../src/repository/tree-group.ts'
import { countWork } from './counted-work.ts'
import { fileNode } from './file-node.ts'
import { options } from './packed-blobs.ts'

const FILES = 20
const sealer = new Sealer(options.key)
const compressor = new Compressor('auto')

/** Trees of ordinary files, as many as a visit opens together. */
const trees = Array.from({ length: 16 }, (_, number) => {
  const plain = encodeTree(Array.from({ length: FILES }, (_, file) => fileNode(number * FILES + file)))
  const sealed = sealer.seal(compressor.compress(plain))
  const id = idOf(plain)
  const place = {
    type: 'tree',
    id,
    pack: id,
    offset: 0,
    length: sealed.length,
    uncompressedLength: plain.length,
  } as const
  return { place, sealed }
})

describe('opening trees together', () => {
  const group = new TreeGroup(options.key)
  const readAll = (): number => {
    let contents = 0
    for (const { place, sealed } of trees) group.add(place, sealed)
    group.open((_, entries) => entries.forEachContent(() => contents++))
    return contents
  }
  // The first ones make the memory that all others are opened in.
  readAll()
  const { result, did } = countWork(readAll)
  const sealedBytes = trees.reduce((sum, { sealed }) => sum + sealed.length, 0)
  const plainBytes = trees.reduce((sum, { place }) => sum + place.uncompressedLength, 0)

  test('verifies each of them', () => {
    expect(result).toBe(trees.length * FILES)
    expect(did('sha256')).toEqual({ calls: trees.length, bytes: plainBytes })
    expect(did('createMac').calls).toBe(trees.length)
  })

  test('sets up no cipher, and calls it once for all tags and once for 32 KiB of text', () => {
    expect(did('createCipheriv').calls).toBe(0)
    expect(did('zstd set up').calls).toBe(0)
    expect(did('aes').calls).toBeLessThanOrEqual(2 + Math.ceil(sealedBytes / (32 * 1024)))
  })

  test('makes no memory for what is in them', () => {
    // What the cipher gives.
    expect(did('allocate').bytes).toBeLessThanOrEqual(sealedBytes + 64 * trees.length)
    // From the pack, and through the cipher.
    expect(did('copy').bytes).toBeLessThanOrEqual(3 * sealedBytes + 32 * trees.length)
  })

  test('makes no text of ids, and of an owner once a tree', () => {
    expect(did('text').calls).toBeLessThanOrEqual(trees.length)
  })
})
