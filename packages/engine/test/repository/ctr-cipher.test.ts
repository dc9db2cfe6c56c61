import { createCipheriv, randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CtrCipher } from '../../src/repository/ctr-cipher.ts'

const key = randomBytes(32)
const cipher = new CtrCipher(key)

function reference(nonce: Uint8Array, input: Uint8Array): Buffer {
  return createCipheriv('aes-256-ctr', key, nonce).update(input)
}

describe('CtrCipher', () => {
  it('is AES-256-CTR for every short length', () => {
    const input = randomBytes(4200)
    const wrong: number[] = []
    for (let length = 0; length <= input.length; length++) {
      const nonce = randomBytes(16)
      const target = Buffer.alloc(length + 2, 0xaa)
      cipher.apply(nonce, input.subarray(0, length), target, 1)
      const expected = Buffer.concat([Buffer.of(0xaa), reference(nonce, input.subarray(0, length)), Buffer.of(0xaa)])
      if (!target.equals(expected)) wrong.push(length)
    }
    expect(wrong).toEqual([])
  })

  it('is AES-256-CTR where the counter overflows a word, and where it overflows altogether', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 12, maxLength: 12 }),
        fc.boolean(),
        fc.integer({ min: 0xffff_ff00, max: 0xffff_ffff }),
        fc.integer({ min: 0, max: 5000 }),
        (start, ones, last, length) => {
          const nonce = Buffer.alloc(16, ones ? 0xff : 0)
          if (!ones) nonce.set(start)
          nonce.writeUInt32BE(last, 12)
          const input = randomBytes(length)
          expect(cipher.applyToCopy(nonce, input).equals(reference(nonce, input))).toBe(true)
        },
      ),
    )
  })

  it('gives away a copy', () => {
    const nonce = randomBytes(16)
    const first = cipher.applyToCopy(nonce, Buffer.alloc(100))
    const kept = Buffer.from(first)
    cipher.applyToCopy(randomBytes(16), Buffer.alloc(100))
    expect(first.equals(kept)).toBe(true)
  })
})
