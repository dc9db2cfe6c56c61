import { expect, test } from 'vitest'
import { parseDuration } from '../../src/parse/parse-duration.ts'

test.each([
  ['0', 0],
  ['30s', 30_000],
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['1.5h', 5_400_000],
  ['250ms', 250],
  ['2d', 172_800_000],
])('%j is %d milliseconds', (text, milliseconds) => {
  expect(parseDuration(text, '--retry-lock')).toBe(milliseconds)
})

test.each(['', '5', 'm', '99999999999999999d', `${'9'.repeat(400)}s`, '5 m', '-5m', '5y', '1h-3m', '1.h', '∞s'])(
  '%j is no duration',
  (text) => {
    expect(() => parseDuration(text, '--retry-lock')).toThrow(
      expect.objectContaining({
        code: 'ERR_VARVE_BAD_ARGUMENT',
        message: expect.stringContaining('--retry-lock') as unknown,
      }),
    )
  },
)
