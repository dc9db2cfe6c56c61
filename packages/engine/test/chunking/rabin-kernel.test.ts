import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { modulo } from '../../src/chunking/polynomial.ts'
import { RabinKernel, WINDOW_SIZE } from '../../src/chunking/rabin-kernel.ts'
import { pseudoRandom } from './pseudo-random.ts'
import { candidatesByDefinition, plantCandidate } from './rabin-definition.ts'

const POLYNOMIAL = 0x3da3358b4dc173n
const SIZE = 192 * 1024

const kernel = new RabinKernel(POLYNOMIAL, SIZE + 1024)

/** Where the kernel may meet its own seams, and where not: neighbours, ends, and a spread over the rest. */
function planted(seed: number): Uint8Array<ArrayBuffer> {
  const bytes = pseudoRandom(seed, SIZE)
  const places = [WINDOW_SIZE, WINDOW_SIZE + 16, 2 * WINDOW_SIZE, SIZE]
  for (let place = 500; place < SIZE; place += 3989) places.push(place)
  for (const place of places) plantCandidate(bytes, place, POLYNOMIAL)
  return bytes
}

function repeated(period: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: SIZE }, (_, i) => period[i % period.length] ?? 0)
}

function periodWithCandidate(length: number): Uint8Array {
  const period = pseudoRandom(length, length)
  plantCandidate(period, length, POLYNOMIAL)
  return period
}

function withZerosIn(bytes: Uint8Array<ArrayBuffer>, from: number, to: number): Uint8Array<ArrayBuffer> {
  return bytes.fill(0, from, to)
}

const inputs: readonly (readonly [string, Uint8Array<ArrayBuffer>])[] = [
  ['noise', pseudoRandom(1, SIZE)],
  ['noise with planted candidates', planted(2)],
  ['zeros', new Uint8Array(SIZE)],
  ['ones', new Uint8Array(SIZE).fill(0xff)],
  ['noise that turns into zeros and back', withZerosIn(planted(3), 51_234, 130_001)],
  ['zeros with a single byte', new Uint8Array(SIZE).fill(1, 100_000, 100_001)],
  ['a period of 7', repeated(pseudoRandom(4, 7))],
  ['a period of one window, a candidate in each', repeated(periodWithCandidate(64))],
  ['a period of 97, a candidate in each', repeated(periodWithCandidate(97))],
  ['a period as long as a lane, a candidate in each', repeated(periodWithCandidate(4160))],
  ['text', Uint8Array.from(Buffer.from('int main(void) { return 0; }\n'.repeat(SIZE / 29 + 1)).subarray(0, SIZE))],
]

describe.each(inputs)('in %s', (_name, bytes) => {
  const candidates = candidatesByDefinition(bytes, POLYNOMIAL)

  it('finds the first position that the definition allows, wherever the scan begins, ends and lies in memory', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1024 }),
        fc.integer({ min: WINDOW_SIZE, max: SIZE }),
        fc.integer({ min: WINDOW_SIZE, max: SIZE }),
        (offset, a, b) => {
          const [from, to] = [Math.min(a, b), Math.max(a, b)]
          kernel.buffer.set(bytes, offset)
          const expected = candidates.find((position) => position >= from && position < to) ?? to
          expect(kernel.firstCandidate(offset + from, offset + to) - offset).toBe(expected)
        },
      ),
    )
  })

  it('finds no more and no less than the definition when it goes on behind each hit', () => {
    kernel.buffer.set(bytes)
    // 1,000 are enough where nearly every position is one
    const expected = candidates.filter((position) => position < SIZE).slice(0, 1000)
    const found: number[] = []
    for (let from = WINDOW_SIZE; found.length < expected.length + 1;) {
      const position = kernel.firstCandidate(from, SIZE)
      if (position === SIZE) break
      found.push(position)
      from = position + 1
    }
    expect(found.slice(0, 1000)).toEqual(expected)
  })
})

describe('RabinKernel', () => {
  it('finds what the definition allows for any polynomial of degree 53', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n << 53n, max: (1n << 54n) - 1n }),
        fc.integer({ min: WINDOW_SIZE, max: 999 }),
        (polynomial, position) => {
          const bytes = pseudoRandom(5, 1000)
          plantCandidate(bytes, position, polynomial)
          const window = bytes.subarray(position - WINDOW_SIZE, position)
          expect(modulo(BigInt(`0x${Buffer.from(window).toString('hex')}`), polynomial) & 0xf_ffffn).toBe(0n)
          const other = new RabinKernel(polynomial, bytes.length)
          other.buffer.set(bytes)
          expect(other.firstCandidate(WINDOW_SIZE, bytes.length)).toBe(candidatesByDefinition(bytes, polynomial)[0])
        },
      ),
      { numRuns: 50 },
    )
  })

  it.each(Array.from({ length: 20 }, (_, bit) => bit))('allows no cut where bit %i of a remainder is set', (bit) => {
    const bytes = pseudoRandom(12, 20_000)
    plantCandidate(bytes, 9000, POLYNOMIAL, 1 << bit)
    kernel.buffer.set(bytes)
    expect(kernel.firstCandidate(WINDOW_SIZE, bytes.length)).toBe(bytes.length)
    expect(kernel.firstCandidate(8990, 9010)).toBe(9010)
  })

  it('looks at nothing but the 64 bytes before a position', () => {
    const bytes = planted(6)
    kernel.buffer.set(bytes)
    const position = kernel.firstCandidate(70_000, SIZE)
    kernel.buffer.fill(0xa5)
    kernel.buffer.set(bytes.subarray(position - WINDOW_SIZE, position), position - WINDOW_SIZE)
    expect(kernel.firstCandidate(position, SIZE)).toBe(position)
    expect(kernel.firstCandidate(70_000, SIZE)).toBe(position)
  })

  it('gives back the end of an empty range', () => {
    expect(kernel.firstCandidate(100, 100)).toBe(100)
  })

  it.each([
    [63, 1000],
    [1000, 999],
    [64, SIZE + 1025],
  ])('refuses to scan from %i to %i', (from, to) => {
    expect(() => kernel.firstCandidate(from, to)).toThrow('to be scanned')
  })

  it.each([0n, 1n, -5n, 1n << 52n, 1n << 54n, 1n << 5000n])('refuses a polynomial of another degree', (polynomial) => {
    expect(() => new RabinKernel(polynomial, 65_536)).toThrow(
      expect.objectContaining({ code: 'ERR_VARVE_BAD_ARGUMENT' }),
    )
  })
})
