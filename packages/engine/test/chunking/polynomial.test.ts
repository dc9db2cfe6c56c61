import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CHUNKER_DEGREE,
  degree,
  greatestCommonDivisor,
  isIrreducible,
  modulo,
  multiplyModulo,
  randomIrreducible,
} from '../../src/chunking/polynomial.ts'

const polynomial = fc.bigInt({ min: 0n, max: (1n << 60n) - 1n })
const nonZero = fc.bigInt({ min: 1n, max: (1n << 60n) - 1n })

/** Of a higher degree than any product below, so that nothing is taken away. */
const BEYOND = 1n << 200n

function product(a: bigint, b: bigint): bigint {
  return multiplyModulo(a, b, BEYOND)
}

/** By trying all divisors. */
function hasDivisor(candidate: bigint): boolean {
  for (let divisor = 2n; 2 * degree(divisor) <= degree(candidate); divisor++) {
    if (modulo(candidate, divisor) === 0n) return true
  }
  return false
}

describe('arithmetic', () => {
  it('knows degrees', () => {
    expect([0n, 1n, 2n, 3n, 0x3da3358b4dc173n, 1n << 53n].map(degree)).toEqual([-1, 0, 1, 1, 53, 53])
  })

  it('multiplies as on paper: (x + 1)(x² + x + 1) = x³ + 1', () => {
    expect(product(0b11n, 0b111n)).toBe(0b1001n)
  })

  it('adds degrees in a product', () => {
    fc.assert(
      fc.property(nonZero, nonZero, (a, b) => {
        expect(degree(product(a, b))).toBe(degree(a) + degree(b))
      }),
    )
  })

  it('multiplies in any order and distributes over sums, modulo anything', () => {
    fc.assert(
      fc.property(polynomial, polynomial, polynomial, nonZero, (a, b, c, m) => {
        expect(multiplyModulo(a, b, m)).toBe(multiplyModulo(b, a, m))
        expect(multiplyModulo(a, b ^ c, m)).toBe(multiplyModulo(a, b, m) ^ multiplyModulo(a, c, m))
        expect(multiplyModulo(a, b, m)).toBe(modulo(product(a, b), m))
      }),
    )
  })

  it('leaves of quotient times divisor plus remainder the remainder', () => {
    fc.assert(
      fc.property(polynomial, nonZero, polynomial, (quotient, divisor, other) => {
        const remainder = modulo(other, divisor)
        expect(degree(remainder)).toBeLessThan(degree(divisor))
        expect(modulo(product(quotient, divisor) ^ remainder, divisor)).toBe(remainder)
      }),
    )
  })

  it('finds common divisors, and the greatest of them', () => {
    fc.assert(
      fc.property(nonZero, nonZero, nonZero, (a, b, common) => {
        const divisor = greatestCommonDivisor(product(a, common), product(b, common))
        expect(modulo(product(a, common), divisor)).toBe(0n)
        expect(modulo(product(b, common), divisor)).toBe(0n)
        expect(modulo(divisor, common)).toBe(0n)
      }),
    )
    expect(greatestCommonDivisor(0n, 6n)).toBe(6n)
    expect(greatestCommonDivisor(6n, 0n)).toBe(6n)
  })

  it('refuses to divide by zero, and what is no polynomial', () => {
    expect(() => modulo(5n, 0n)).toThrow('divided by zero')
    expect(() => degree(-1n)).toThrow('negative')
  })
})

describe('isIrreducible', () => {
  it('agrees with trying all divisors, up to degree 11', () => {
    for (let candidate = 2n; candidate < 1n << 12n; candidate++) {
      expect([candidate, isIrreducible(candidate)]).toEqual([candidate, !hasDivisor(candidate)])
    }
  })

  it('takes neither 0 nor 1 for irreducible', () => {
    expect([0n, 1n].map(isIrreducible)).toEqual([false, false])
  })

  it.each([0x3da3358b4dc173n, 0x2482734cacca49n])('is true of %i, which is used for chunking', (known) => {
    expect(isIrreducible(known)).toBe(true)
  })

  it.each([0x38f1e565e288dfn, 0x30a8295b9d5c91n, 0x255f4350b962cbn, 0x3143d0464b3299n])(
    'is false of %i',
    (reducible) => {
      expect(isIrreducible(reducible)).toBe(false)
    },
  )

  it('is never true of a product, however large the factors', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 52 }), fc.bigInt({ min: 0n, max: (1n << 52n) - 1n }), (split, bits) => {
        const a = (1n << BigInt(split)) | (bits & ((1n << BigInt(split)) - 1n))
        const rest = CHUNKER_DEGREE - split
        const b = (1n << BigInt(rest)) | ((bits >> 7n) & ((1n << BigInt(rest)) - 1n))
        expect(degree(product(a, b))).toBe(CHUNKER_DEGREE)
        expect(isIrreducible(product(a, b))).toBe(false)
      }),
    )
  })
})

describe('randomIrreducible', () => {
  it('gives irreducible polynomials of degree 53, and not always the same', () => {
    const found = Array.from({ length: 8 }, randomIrreducible)
    for (const one of found) {
      expect(degree(one)).toBe(CHUNKER_DEGREE)
      expect(isIrreducible(one)).toBe(true)
    }
    expect(new Set(found).size).toBe(found.length)
  })
})
