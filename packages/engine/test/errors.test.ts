import { statSync } from 'node:fs'
import { zstdDecompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { describeError, systemErrorCode } from '@varve/platform/errors'

/** What `work` throws. */
function thrownBy(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

test('a system error is known by its code and described without path and call', () => {
  const error = thrownBy(() => statSync('/nonexistent/file'))
  expect(systemErrorCode(error)).toBe('ENOENT')
  expect(describeError(error)).toBe('no such file or directory (ENOENT)')
})

test('errors of libraries are no system errors, though they have codes and numbers', () => {
  const error = thrownBy(() => zstdDecompressSync(Buffer.from('no frame')))
  expect(systemErrorCode(error)).toBeUndefined()
  expect(describeError(error)).toBe(error instanceof Error ? error.message : '')
  expect(systemErrorCode(Object.assign(new Error('x'), { code: 'ERR_OUT_OF_RANGE' }))).toBeUndefined()
})

test('what is no Error is described too', () => {
  expect(describeError('why')).toBe('why')
  expect(systemErrorCode('ENOENT')).toBeUndefined()
})
