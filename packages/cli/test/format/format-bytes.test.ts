import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatBytes } from '../../src/format/format-bytes.ts'

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.00 KiB'],
  [1536, '1.50 KiB'],
  [10 * 1024, '10.0 KiB'],
  [123_456_789, '118 MiB'],
  [1024 * 1024 - 1, '1.00 MiB'],
  [2 ** 40, '1.00 TiB'],
  [Number.MAX_SAFE_INTEGER, '8.00 PiB'],
])('%d bytes', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})

test('is never wider than nine columns, and never off by more than half a percent', () => {
  const factors: Readonly<Record<string, number>> = {
    B: 1,
    KiB: 2 ** 10,
    MiB: 2 ** 20,
    GiB: 2 ** 30,
    TiB: 2 ** 40,
    PiB: 2 ** 50,
  }
  fc.assert(
    fc.property(fc.maxSafeNat(), (bytes) => {
      const text = formatBytes(bytes)
      expect(text.length).toBeLessThanOrEqual(9)
      const [value, unit = ''] = text.split(' ')
      expect(Math.abs(Number(value) * (factors[unit] ?? Number.NaN) - bytes)).toBeLessThanOrEqual(bytes * 0.005)
    }),
  )
})
