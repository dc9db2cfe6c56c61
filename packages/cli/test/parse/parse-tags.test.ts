import { expect, test } from 'vitest'
import { parseTagFilter, parseTags } from '../../src/parse/parse-tags.ts'

test('tags of a snapshot are one list, without what is empty or repeated', () => {
  expect(parseTags(['a, b', '', 'c,a,'])).toEqual(['a', 'b', 'c'])
})

test('a filter keeps its lists apart, and the empty tag that asks for none', () => {
  expect(parseTagFilter(['a,b', 'c', ''])).toEqual([['a', 'b'], ['c'], ['']])
})
