import { expect, test } from 'vitest'
import { formatDuration } from '../../src/format/format-duration.ts'

test.each([
  [0, '0:00'],
  [-5, '0:00'],
  [7999, '0:07'],
  [754_000, '12:34'],
  [3_600_000, '1:00:00'],
  [3_723_000, '1:02:03'],
  [360_000_000, '100:00:00'],
])('%d milliseconds', (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text)
})
