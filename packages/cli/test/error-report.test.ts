import { VarveError, type ErrorCode } from '@varve/engine'
import { expect, test } from 'vitest'
import { reportError } from '../src/error-report.ts'

test.each([
  ['ERR_VARVE_NO_REPOSITORY', 10],
  ['ERR_VARVE_LOCKED', 11],
  ['ERR_VARVE_WRONG_PASSWORD', 12],
  ['ERR_VARVE_ABORTED', 130],
  ['ERR_VARVE_DAMAGED', 1],
  ['ERR_VARVE_BAD_ARGUMENT', 1],
  ['ERR_VARVE_STORAGE', 1],
] as const satisfies readonly (readonly [ErrorCode, number])[])('%s exits with %d', (code, exitCode) => {
  const report = reportError(new VarveError(code, 'what happened', { hint: 'what to do' }))
  expect(report).toMatchObject({ exitCode, message: 'what happened', hint: 'what to do', stack: undefined })
})

test('errors of the system need no stack', () => {
  const error = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES', syscall: 'open' })
  expect(reportError(error)).toMatchObject({ exitCode: 1, hint: undefined, stack: undefined })
})

test('all else is a fault of the program, whatever was thrown', () => {
  expect(reportError(new TypeError('x is not a function')).stack).toContain('error-report.test')
  expect(reportError('just text')).toMatchObject({ message: "'just text'", exitCode: 1 })
  expect(reportError(undefined).hint).toContain('report')
})

test('causes are told in order, and a circle of them ends', () => {
  const root = new Error('disk on fire')
  const error = new VarveError('ERR_VARVE_STORAGE', 'cannot save', {
    cause: new Error('write failed', { cause: root }),
  })
  expect(reportError(error).causes).toEqual(['write failed', 'disk on fire'])
  root.cause = error
  expect(reportError(error).causes.length).toBeLessThan(10)
})
