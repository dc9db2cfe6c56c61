import { expect, test } from 'vitest'
import { formatCount, formatNumber } from '../../src/format/format-count.ts'

test('counts agree in number', () => {
  expect(formatCount(1, 'file')).toBe('1 file')
  expect(formatCount(0, 'file')).toBe('0 files')
  expect(formatCount(1234, 'entry', 'entries')).toBe('1,234 entries')
})

test('thousands are set apart', () => {
  expect([999, 1000, 1_234_567].map(formatNumber)).toEqual(['999', '1,000', '1,234,567'])
})
