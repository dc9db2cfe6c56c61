import { expect, test } from 'vitest'
import { expandVerbose, verbosityOf } from '../src/global-options.ts'

test("restic's --verbose=N is N times --verbose", () => {
  expect(expandVerbose(['--verbose=2', 'list'])).toEqual(['--verbose', '--verbose', 'list'])
  expect(expandVerbose(['--verbose=0', 'list'])).toEqual(['list'])
  expect(expandVerbose(['-v', 'snapshot', '--', '--verbose=2'])).toEqual(['-v', 'snapshot', '--', '--verbose=2'])
})

test('verbosity', () => {
  expect(verbosityOf({ quiet: true, verbose: 0, lock: true })).toBe(0)
  expect(verbosityOf({ verbose: 0, lock: true })).toBe(1)
  expect(verbosityOf({ verbose: 2, lock: true })).toBe(3)
})
