import { expect, test } from 'vitest'
import { formatTable } from '../../src/render/table.ts'

const COLUMNS = [
  { title: 'NAME', align: 'left' },
  { title: 'SIZE', align: 'right' },
  { title: 'PATHS', align: 'left' },
] as const

test('columns are as wide as what is in them, in columns of a terminal', () => {
  const rows = [
    [['日本語'], ['1 B'], ['/a']],
    [['x'], ['1000 KiB'], ['/b', '/c']],
  ]
  expect(formatTable(COLUMNS, rows, [['TOTAL'], ['2 B']])).toEqual([
    'NAME        SIZE  PATHS',
    '-----------------------',
    '日本語       1 B  /a',
    'x       1000 KiB  /b',
    '                  /c',
    '-----------------------',
    'TOTAL        2 B',
  ])
})

test('what is hostile is measured as it is printed', () => {
  const [, , row] = formatTable(COLUMNS, [[['a\u001B[31m'], ['1'], ['p\nq']]], [])
  expect(row).toBe('a\\x1b[31m     1  p\\nq')
})
