import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { compactJson } from '../../src/repository/json-compacting.ts'

test.each([
  ['1', '1'],
  [' 2.50e+1 ', '2.50e+1'],
  ['{ "z" : [ 1 ,\n\t2 ], "a":null }', '{"z":[1,2],"a":null}'],
  ['"a  b"', '"a  b"'],
  ['"<b> & \u2028\u2029"', '"\\u003cb\\u003e \\u0026 \\u2028\\u2029"'],
  ['"\\u00e9 \u00e9 \\/"', '"\\u00e9 \u00e9 \\/"'],
  ['[ "\\" ,  <" , "\\\\" ]', '["\\" ,  \\u003c","\\\\"]'],
])('%j', (json, compact) => {
  expect(compactJson(json)).toBe(compact)
})

test('nothing but the writing changes', () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(4), (json, space) => {
      const value: unknown = JSON.parse(json)
      const compact = compactJson(JSON.stringify(value, undefined, space))
      expect(JSON.parse(compact)).toEqual(value)
      expect(compact).not.toMatch(/[<>&\u2028\u2029\n]/)
    }),
  )
})

test('a very long string is no trouble', () => {
  const json = `"${'\\n<'.repeat(3_000_000)}"`
  expect(compactJson(json)).toBe(json.replaceAll('<', '\\u003c'))
})
