import { randomBytes } from 'node:crypto'

/*
 * Polynomials over GF(2), written as numbers: bit i is the coefficient of xⁱ. Addition is `^`.
 */

/**
 * Degree of the polynomials that Rabin chunkers use: the largest prime for which a digest and one more byte fit in 64
 * bits.
 */
export const CHUNKER_DEGREE = 53

/** The highest power of x in `polynomial`; -1 for zero. */
export function degree(polynomial: bigint): number {
  if (polynomial < 0n) throw new Error(`${polynomial} is not a polynomial: it is negative`)
  return polynomial === 0n ? -1 : polynomial.toString(2).length - 1
}

/** What remains of `polynomial` after division by `divisor`, which is not zero. */
export function modulo(polynomial: bigint, divisor: bigint): bigint {
  const divisorDegree = degree(divisor)
  if (divisorDegree < 0) throw new Error('a polynomial was divided by zero')
  let remainder = polynomial
  for (let excess = degree(remainder) - divisorDegree; excess >= 0; excess = degree(remainder) - divisorDegree) {
    remainder ^= divisor << BigInt(excess)
  }
  return remainder
}

/** The product of `a` and `b`, modulo `divisor`. */
export function multiplyModulo(a: bigint, b: bigint, divisor: bigint): bigint {
  let product = 0n
  for (let factor = a, rest = b; rest > 0n; factor <<= 1n, rest >>= 1n) {
    if ((rest & 1n) === 1n) product ^= factor
  }
  return modulo(product, divisor)
}

/** The polynomial of the highest degree that divides both; the other one where one is zero. */
export function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [dividend, divisor] = [a, b]
  while (divisor !== 0n) [dividend, divisor] = [divisor, modulo(dividend, divisor)]
  return dividend
}

/**
 * Whether `polynomial` has a degree of at least 1 and is the product of no two others of at least that. Takes time with
 * the cube of the degree: what comes from outside is to be bounded first.
 *
 * Ben-Or's test: the product of all irreducible polynomials whose degrees divide i is x^(2^i) + x, so a reducible
 * polynomial of degree n has a divisor in common with one of these for some i up to n/2. See S. Gao and D. Panario,
 * "Tests and Constructions of Irreducible Polynomials over Finite Fields" (1997).
 */
export function isIrreducible(polynomial: bigint): boolean {
  const n = degree(polynomial)
  if (n < 1) return false
  const x = 2n
  let power = x
  for (let i = 1; i <= n / 2; i++) {
    power = multiplyModulo(power, power, polynomial)
    if (greatestCommonDivisor(polynomial, power ^ x) !== 1n) return false
  }
  return true
}

/**
 * An irreducible polynomial of degree {@link CHUNKER_DEGREE}, each as likely as any other. About one candidate in 27 is
 * one.
 */
export function randomIrreducible(): bigint {
  const highest = 1n << BigInt(CHUNKER_DEGREE)
  for (;;) {
    // without a constant term it could be divided by x
    const candidate = highest | (randomBytes(8).readBigUInt64LE() & (highest - 1n)) | 1n
    if (isIrreducible(candidate)) return candidate
  }
}
