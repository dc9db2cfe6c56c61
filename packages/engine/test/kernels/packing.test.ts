import { describe, expect, test } from 'vitest'
import { PACK_CAPACITY } from '../../src/repository/pack-writer.ts'
import { countWork } from './counted-work.ts'
import { KINDS, newWriter, packOf, textLength } from './packed-blobs.ts'

describe.each(KINDS)('packing $what', ({ isShort, isCompressed, plain }) => {
  const blobs = plain()
  const count = blobs.blobs.length
  const writer = newWriter()
  const { result: pack, did } = countWork(() => packOf(blobs, writer))
  const text = textLength(pack)

  test('hashes each byte once, for the id of the pack', () => {
    expect(did('sha256').bytes).toBe(pack.bytes.length)
    // Bytes are collected to 128 KiB before they are hashed; a blob that is longer is hashed at once.
    expect(did('sha256').calls).toBeLessThanOrEqual(isShort ? pack.bytes.length / 100_000 + 1 : count + 1)
    // The second one is for the pack that comes next.
    expect(did('createHash').calls).toBeLessThanOrEqual(1)
  })

  test('compresses each byte once, by what is there', () => {
    expect(did('zstd')).toEqual({ calls: count, bytes: blobs.bytes })
    expect(did('zstd set up').calls).toBe(0)
  })

  test('authenticates each byte once', () => {
    // All of the pack but nonce and tag of each blob and of the header, and the four bytes of the header's length.
    expect(did('poly1305').bytes).toBe(pack.bytes.length - 32 * (count + 1) - 4)
    expect(did('createMac').calls).toBe(count + 1)
  })

  test('enciphers each byte once', () => {
    // Besides the text: up to 15 bytes that fill a block, 16 for the key of the tag, the header's 41, and nonces drawn that no blob needed.
    expect(did('aes').bytes).toBeLessThanOrEqual(text + 128 * count + 4096)
    // Of short texts, 32 KiB at a time; of long ones, 64 KiB. A cipher for each short one would cost more than enciphering it.
    expect(did('aes').calls).toBeLessThanOrEqual(isShort ? count / 10 : text / 50_000 + count)
    // The header has one. The other is for the text in ten million whose counter runs over.
    expect(did('createCipheriv').calls).toBeLessThanOrEqual(isShort ? 2 : count + 1)
  })

  test('draws random bytes for many blobs at once', () => {
    // 256 nonces at a time, or as many as there are short texts to be sealed together: at least 50 here.
    expect(did('random').calls).toBeLessThanOrEqual(count / 50 + 1)
  })

  test('copies each byte no more than it must', () => {
    // A long text: from the cipher to its place. A short one: to where it is combined with the keystream, and back; one that is not compressed has to
    // get to its place first. For each blob 256 bytes for nonce, tag, and entry in the header.
    const times = isShort ? (isCompressed ? 2 : 3) : 1
    expect(did('copy').bytes).toBeLessThanOrEqual(times * text + 256 * count)
  })

  test('makes no memory for a blob', () => {
    // The pack's own; what the cipher gives, which is as long as the text; for each blob, its entry in the header, and 48 bytes in memory that doubles, from
    // 64 blobs on, and is copied once; nonces, of which 4096 bytes are drawn at a time.
    expect(did('allocate').bytes).toBeLessThanOrEqual(PACK_CAPACITY + text + 300 * count + 4096 + 64 * 48)
    // One for a blob in the header, one each 32 KiB of keystream.
    expect(did('allocate').calls).toBeLessThanOrEqual(1.1 * count + text / 32_768 + 20)
    expect(did('text').calls).toBe(0)
  })
})
