import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { civilFromDays, daysFromCivil, daysInMonth } from '../../src/repository/civil-date.ts'

const DAY = 86_400_000

test('days are the dates that JavaScript counts', () => {
  fc.assert(
    fc.property(fc.integer({ min: -100_000_000, max: 100_000_000 }), (days) => {
      const date = new Date(days * DAY)
      const civil = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }
      expect(civilFromDays(days)).toEqual(civil)
      expect(daysFromCivil(civil)).toBe(days)
    }),
    { numRuns: 2000 },
  )
})

test('a day that a month does not have is one of the next', () => {
  expect(civilFromDays(daysFromCivil({ year: 9999, month: 2, day: 29 }))).toEqual({ year: 9999, month: 3, day: 1 })
})

test.each([
  [2000, 2, 29],
  [1900, 2, 28],
  [2024, 2, 29],
  [2023, 2, 28],
  [0, 2, 29],
  [2023, 1, 31],
  [2023, 4, 30],
  [2023, 12, 31],
])('%i-%i has %i days', (year, month, days) => {
  expect(daysInMonth(year, month)).toBe(days)
})
