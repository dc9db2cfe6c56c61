import { expect, test } from 'vitest'
import { booleanVariable, variable } from '../src/environment.ts'

test('VARVE_ wins over RESTIC_, and what is empty is not set', () => {
  expect(variable({ VARVE_HOST: 'a', RESTIC_HOST: 'b' }, 'HOST')).toBe('a')
  expect(variable({ VARVE_HOST: '', RESTIC_HOST: 'b' }, 'HOST')).toBe('b')
  expect(variable({}, 'HOST')).toBeUndefined()
})

test('words for yes', () => {
  expect(booleanVariable({ RESTIC_IGNORE_CTIME: 'true' }, 'IGNORE_CTIME')).toBe(true)
  expect(booleanVariable({ VARVE_IGNORE_CTIME: '0', RESTIC_IGNORE_CTIME: 'true' }, 'IGNORE_CTIME')).toBe(false)
  expect(booleanVariable({}, 'IGNORE_CTIME')).toBe(false)
})
