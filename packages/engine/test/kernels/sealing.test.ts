import { describe, expect, test } from 'vitest'
import { SEAL_OVERHEAD } from '../../src/repository/blob.ts'
import { Sealer } from '../../src/repository/sealing.ts'
import { noise } from '../fixtures/repository-fixture.ts'
import { countWork, type Work } from './counted-work.ts'
import { options } from './packed-blobs.ts'

/** Texts of this length are combined with a keystream that a living cipher makes; longer ones have a cipher of their own. */
const SHORT = 1000
const LONG = 1_000_000

describe.each([
  { what: 'short', length: SHORT, count: 1000 },
  { what: 'long', length: LONG, count: 10 },
])('texts that are $what', ({ length, count }) => {
  const isShort = length === SHORT
  const texts = Array.from({ length: count }, (_, number) => noise(length, number + 1))
  const text = length * count
  const sealer = new Sealer(options.key)
  const sealing = countWork(() => texts.map((plain) => sealer.seal(plain)))
  const opening = countWork(() => sealing.result.map((sealed) => sealer.open(sealed)))
  const inPlace = countWork(() => sealing.result.map((sealed) => sealer.openInPlace(sealed)))

  test('are larger by nonce and tag when they are sealed', () => {
    expect(sealing.result.map((sealed) => sealed.length)).toEqual(texts.map(() => length + SEAL_OVERHEAD))
  })

  test.each<{ what: string; work: Work<unknown> }>([
    { what: 'sealed', work: sealing },
    { what: 'opened', work: opening },
    { what: 'opened in place', work: inPlace },
  ])('are enciphered and authenticated once when they are $what', ({ work: { did } }) => {
    expect(did('poly1305').bytes).toBe(text)
    expect(did('createMac').calls).toBe(count)
    // Besides: up to 15 bytes that fill a block, 16 for the tag's key, and nonces drawn that no text needed.
    expect(did('aes').bytes).toBeLessThanOrEqual(text + 32 * count + 4096)
    // One for the tag's key, and one for the text, or one each 64 KiB of it.
    expect(did('aes').calls).toBeLessThanOrEqual(2 * count + text / 50_000)
    // None for short ones, but for the one in ten million whose counter runs over.
    expect(did('createCipheriv').calls).toBeLessThanOrEqual(isShort ? 1 : count)
    expect(did('sha256').calls + did('zstd').calls + did('text').calls).toBe(0)
  })

  test('are copied from the cipher to their place, short ones by way of where they meet the keystream', () => {
    const times = isShort ? 2 : 1
    for (const { did } of [sealing, opening, inPlace]) {
      expect(did('copy').bytes).toBeLessThanOrEqual(times * text + 64 * count)
    }
  })

  test('need memory for what the cipher gives, and for the result unless it is in place', () => {
    const [made, result] = [text + 48 * count + 4096, text + SEAL_OVERHEAD * count]
    expect(sealing.did('allocate').bytes).toBeLessThanOrEqual(made + result)
    // What the cipher gives for a long one is the result.
    expect(opening.did('allocate').bytes).toBeLessThanOrEqual(isShort ? made + result : made)
    expect(inPlace.did('allocate').bytes).toBeLessThanOrEqual(made)
  })
})
