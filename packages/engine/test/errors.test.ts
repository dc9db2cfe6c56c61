import { statSync } from 'node:fs'
import { constants } from 'node:os'
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

test('a system error that Node has no name for is known by its number', () => {
  const inCallback = Object.assign(new Error(`Unknown system error -${constants.errno.EDQUOT}: …, fsync`), {
    code: `Unknown system error -${constants.errno.EDQUOT}`,
    errno: -constants.errno.EDQUOT,
  })
  const inSynchronousCall = Object.assign(new Error('UNKNOWN: unknown error, write'), {
    code: 'UNKNOWN',
    errno: -constants.errno.EDQUOT,
  })
  for (const error of [inCallback, inSynchronousCall]) {
    expect(systemErrorCode(error)).toBe('EDQUOT')
    expect(describeError(error)).toBe('disk quota exceeded (EDQUOT)')
  }
  expect(systemErrorCode(Object.assign(new Error('UNKNOWN'), { code: 'UNKNOWN', errno: -99_999 }))).toBeUndefined()
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
