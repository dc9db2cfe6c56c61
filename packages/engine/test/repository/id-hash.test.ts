import { describe, expect, it } from 'vitest'
import { hashId } from '../../src/repository/id-hash.ts'

function rotate(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by))
}

/** HalfSipHash as its definition has it, for messages whose length is a multiple of four, one round a word and three at the end. */
function halfSipHash13(message: Uint32Array, k0: number, k1: number): number {
  const v = [k0, k1, 0x6c796765 ^ k0, 0x74656462 ^ k1] as [number, number, number, number]
  const round = (): void => {
    v[0] = (v[0] + v[1]) | 0
    v[1] = rotate(v[1], 5) ^ v[0]
    v[0] = rotate(v[0], 16)
    v[2] = (v[2] + v[3]) | 0
    v[3] = rotate(v[3], 8) ^ v[2]
    v[0] = (v[0] + v[3]) | 0
    v[3] = rotate(v[3], 7) ^ v[0]
    v[2] = (v[2] + v[1]) | 0
    v[1] = rotate(v[1], 13) ^ v[2]
    v[2] = rotate(v[2], 16)
  }
  for (const word of [...message, (message.length * 4) << 24]) {
    v[3] ^= word
    round()
    v[0] ^= word
  }
  v[2] ^= 0xff
  for (let i = 0; i < 3; i++) round()
  return (v[1] ^ v[3]) >>> 0
}

describe('hashId', () => {
  it('is HalfSipHash-1-3 of the id and its kind', () => {
    const id = Uint32Array.from({ length: 8 }, (_, i) => i * 0x1234_5678)
    for (const kind of [0, 1]) {
      expect(hashId(id, kind, [0xdead_beef, 0x0102_0304])).toBe(
        halfSipHash13(Uint32Array.of(...id, kind), 0xdead_beef, 0x0102_0304),
      )
    }
  })

  it('depends on every bit of id, kind and seed', () => {
    const id = new Uint32Array(8)
    const hashes = new Set([hashId(id, 0, [1, 2]), hashId(id, 1, [1, 2]), hashId(id, 0, [1, 3]), hashId(id, 0, [2, 2])])
    for (let bit = 0; bit < 256; bit++) {
      const changed = id.slice()
      changed[bit >> 5] = 1 << (bit & 31)
      hashes.add(hashId(changed, 0, [1, 2]))
    }
    expect(hashes.size).toBe(260)
  })

  it('spreads ids that are alike over a table, whatever their seed', () => {
    for (const seed of [
      [0, 0],
      [1, 0xffff_ffff],
    ] as const) {
      const slots = new Uint16Array(4096)
      for (let number = 0; number < 4096; number++) {
        const slot = hashId(Uint32Array.of(0, 0, 0, number, 0, 0, 0, 0), 0, seed) & 4095
        slots[slot] = (slots[slot] ?? 0) + 1
      }
      // Of 4096 random choices about 1/e of the slots stay empty, and none gets a dozen.
      expect(slots.filter((count) => count === 0).length / 4096).toBeCloseTo(Math.exp(-1), 1)
      expect(Math.max(...slots)).toBeLessThan(12)
    }
  })
})
