import { DEFAULT_CHECKPOINT_RULE } from '@varve/engine'
import { expect, test } from 'vitest'
import { parseCheckpoints } from '../../src/parse/parse-checkpoints.ts'

test.each([
  ['4G,1m', { bytes: 4 * 1024 ** 3, milliseconds: 60_000 }],
  ['30s', { ...DEFAULT_CHECKPOINT_RULE, milliseconds: 30_000 }],
  ['5m', { ...DEFAULT_CHECKPOINT_RULE, milliseconds: 300_000 }],
  ['5M', { ...DEFAULT_CHECKPOINT_RULE, bytes: 5 * 1024 ** 2 }],
  ['5MiB', { ...DEFAULT_CHECKPOINT_RULE, bytes: 5 * 1024 ** 2 }],
  ['10ms, 1k', { bytes: 1024, milliseconds: 10 }],
  ['never', false],
])('%j', (text, rule) => {
  expect(parseCheckpoints(text, '--checkpoints')).toEqual(rule)
})

test.each(['', '0', '0s', '1m,2m', '1G,2G', '1G,1m,1', 'always', ',', '-1s'])('%j makes no sense', (text) => {
  expect(() => parseCheckpoints(text, '--checkpoints')).toThrow(
    expect.objectContaining({
      code: 'ERR_VARVE_BAD_ARGUMENT',
      message: expect.stringContaining('--checkpoints') as unknown,
    }),
  )
})
