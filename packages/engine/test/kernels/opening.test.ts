import { describe, expect, test } from 'vitest'
import { BlobOpener } from '../../src/repository/blob-opening.ts'
import { Sealer } from '../../src/repository/sealing.ts'
import { contentsOf } from '../repository/test-packs.ts'
import { countWork } from './counted-work.ts'
import { KINDS, options, packOf, textLength } from './packed-blobs.ts'

describe.each(KINDS)('opening $what', ({ isShort, isCompressed, plain }) => {
  const blobs = plain()
  const pack = packOf(blobs)
  const text = textLength(pack)
  const packed = contentsOf(pack.indexed).blobs
  const count = blobs.blobs.length
  const opener = new BlobOpener(new Sealer(options.key))
  const openAll = (bytes: Uint8Array): void => {
    for (const blob of packed) opener.open(bytes.subarray(blob.offset, blob.offset + blob.length), blob)
  }
  // The first one makes the memory that all others are decompressed into.
  openAll(pack.bytes.slice())
  const { did } = countWork(() => openAll(pack.bytes))

  test('hashes each byte once, to compare it with its id', () => {
    expect(did('sha256')).toEqual({ calls: count, bytes: blobs.bytes })
    expect(did('createHash').calls).toBe(0)
  })

  test('verifies and deciphers each byte once', () => {
    expect(did('poly1305').bytes).toBe(text)
    expect(did('createMac').calls).toBe(count)
    // Besides the text: up to 15 bytes that fill a block, and 16 for the key of the tag.
    expect(did('aes').bytes).toBeLessThanOrEqual(text + 32 * count)
    // One for the tag's key, and one for the keystream or each 64 KiB.
    expect(did('aes').calls).toBeLessThanOrEqual(isShort ? 2 * count : text / 50_000 + 2 * count)
    // For none of the short ones, but for the one in ten million whose counter runs over.
    expect(did('createCipheriv').calls).toBeLessThanOrEqual(isShort ? 1 : count)
  })

  test('decompresses each byte once, by what is there', () => {
    expect(did('zstd')).toEqual(isCompressed ? { calls: count, bytes: text } : { calls: 0, bytes: 0 })
    expect(did('zstd set up').calls).toBe(0)
  })

  test('copies each byte no more than it must, and makes no memory for it', () => {
    // As when it was sealed; what was compressed is decompressed from its place. 16 bytes are the tag's key.
    expect(did('copy').bytes).toBeLessThanOrEqual((isShort ? 2 : 1) * text + 32 * count)
    // What the cipher gives.
    expect(did('allocate').bytes).toBeLessThanOrEqual(text + 32 * count)
    expect(did('text').calls).toBe(0)
  })
})
