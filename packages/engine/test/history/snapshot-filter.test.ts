import { describe, expect, test } from 'vitest'
import { isEmptyFilter, latestOfEachSource, matchesFilter } from '../../src/history/snapshot-filter.ts'
import { idOf } from '../../src/repository/id.ts'
import type { Snapshot } from '../../src/repository/snapshot.ts'
import { parseTimestamp } from '../../src/repository/timestamp.ts'

function aSnapshot(fields: Partial<Snapshot> = {}): Snapshot {
  return {
    time: parseTimestamp('2024-01-01T00:00:00Z'),
    tree: idOf(Buffer.of(1)),
    paths: ['/a'],
    hostname: 'one',
    ...fields,
  }
}

describe('a filter', () => {
  test.each([
    ['nothing', {}, {}, true],
    ['empty lists', { hosts: [], paths: [], tags: [] }, {}, true],
    ['its host', { hosts: ['one'] }, {}, true],
    ['one of several hosts', { hosts: ['two', 'one'] }, {}, true],
    ['another host', { hosts: ['two'] }, {}, false],
    ['no host', { hosts: [''] }, { hostname: undefined }, true],
    ['its path', { paths: ['/a'] }, {}, true],
    ['all of its paths', { paths: ['/b', '/a'] }, { paths: ['/a', '/b', '/c'] }, true],
    ['one path that it does not have', { paths: ['/a', '/b'] }, {}, false],
    ['a folder above its path', { paths: ['/'] }, {}, false],
    ['its tag', { tags: [['x']] }, { tags: ['x', 'y'] }, true],
    ['both of its tags', { tags: [['y', 'x']] }, { tags: ['x', 'y'] }, true],
    ['a tag that it does not have beside one that it has', { tags: [['x', 'z']] }, { tags: ['x', 'y'] }, false],
    ['one list of tags of which it has all', { tags: [['z'], ['x', 'y']] }, { tags: ['x', 'y'] }, true],
    ['no tags, and it has none', { tags: [['']] }, {}, true],
    ['no tags, and it has one', { tags: [['']] }, { tags: ['x'] }, false],
    ['host and path, of which one is another', { hosts: ['one'], paths: ['/b'] }, {}, false],
  ])('of %s', (_, filter, fields, expected) => {
    expect(matchesFilter(aSnapshot(fields as Partial<Snapshot>), filter)).toBe(expected)
  })

  test('knows whether it restricts anything', () => {
    expect(isEmptyFilter({ hosts: [], tags: [] })).toBe(true)
    expect(isEmptyFilter({ tags: [['']] })).toBe(false)
  })
})

function names(snapshots: readonly Snapshot[]): readonly (string | undefined)[] {
  return snapshots.map((snapshot) => snapshot.description)
}

describe('the latest of each source', () => {
  const all = [
    aSnapshot({ description: '1' }),
    aSnapshot({ description: '2', hostname: 'two' }),
    aSnapshot({ description: '3', paths: ['/a', '/b'] }),
    aSnapshot({ description: '4', paths: ['/b', '/a'] }),
    aSnapshot({ description: '5' }),
    aSnapshot({ description: '6', tags: ['x'] }),
  ]

  test('are by host and paths, in whatever order these are, and not by tags', () => {
    expect(names(latestOfEachSource(all, 1))).toEqual(['2', '4', '6'])
    expect(names(latestOfEachSource(all, 2))).toEqual(['2', '3', '4', '5', '6'])
    expect(names(latestOfEachSource(all, 9))).toEqual(names(all))
  })

  test('keep apart paths that look alike when joined', () => {
    const alike = [aSnapshot({ paths: ['/a|/b'] }), aSnapshot({ paths: ['/a', '/b'] })]
    expect(latestOfEachSource(alike, 1)).toHaveLength(2)
  })
})
