import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteStrings } from '../../src/repository/byte-strings.ts'

test('what was held from the start is found, and nothing else', () => {
  const strings = new ByteStrings(['name', 'mtime', 'extended_attributes'])
  const bytes = Buffer.from('xnamemtimeextended_attributes')
  expect(strings.find(bytes, 1, 5)).toBe('name')
  expect(strings.find(bytes, 5, 10)).toBe('mtime')
  expect(strings.find(bytes, 10, bytes.length)).toBe('extended_attributes')
  expect(strings.find(bytes, 0, 4)).toBeUndefined()
  expect(strings.find(bytes, 1, 4)).toBeUndefined()
  expect(strings.find(bytes, 4, 10)).toBeUndefined()
})

test('any strings in any order are themselves', () => {
  const strings = new ByteStrings()
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 6 }),
    fc.string({ unit: 'binary-ascii', maxLength: 100 }),
  )
  fc.assert(
    fc.property(fc.array(text, { minLength: 1 }), fc.string({ unit: 'binary-ascii' }), (texts, before) => {
      const bytes = Buffer.from(before + texts.join(''), 'latin1')
      let start = before.length
      for (const expected of texts) {
        expect(strings.get(bytes, start, start + expected.length)).toBe(expected)
        start += expected.length
      }
    }),
    { numRuns: 500 },
  )
})
