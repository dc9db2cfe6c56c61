import { describe, expect, test } from 'vitest'
import { idOf } from '../../src/repository/id.ts'
import type { OpenRepository } from '../../src/repository/repository.ts'
import type { Snapshot, StoredSnapshot } from '../../src/repository/snapshot.ts'
import { markPartial } from '../../src/repository/partial-snapshot.ts'
import { parseTimestamp } from '../../src/repository/timestamp.ts'
import { chooseParents, DEFAULT_PARENT_GROUPING, supersededBy, type NewSnapshot } from '../../src/snapshot/parent.ts'
import { cheapRepository } from '../repository/cheap-repository.ts'

const NOON = '2024-05-01T12:00:00Z'
const TREE = idOf(Buffer.from('tree'))
const NEW: NewSnapshot = { host: 'here', paths: ['/a', '/b'], tags: ['x'], time: parseTimestamp(NOON) }

type Earlier = Partial<Omit<Snapshot, 'time'>> & { readonly time: string }

/** A repository with these snapshots, which by default agree with the new one. */
async function repositoryWith(...earlier: readonly Earlier[]): Promise<{
  readonly repository: OpenRepository
  readonly stored: readonly StoredSnapshot[]
}> {
  const repository = await cheapRepository()
  const stored: StoredSnapshot[] = []
  for (const { time, ...fields } of earlier) {
    const snapshot: Snapshot = {
      hostname: NEW.host,
      paths: NEW.paths,
      tags: NEW.tags,
      tree: TREE,
      ...fields,
      time: parseTimestamp(time),
    }
    stored.push({ ...snapshot, id: await repository.saveSnapshot(snapshot) })
  }
  return { repository, stored }
}

/** Number, in the order given, of the snapshot that is chosen. */
async function chosen(earlier: readonly Earlier[], groupBy = DEFAULT_PARENT_GROUPING, snapshot = NEW): Promise<number> {
  const { repository, stored } = await repositoryWith(...earlier)
  const { parent } = chooseParents(await repository.snapshots(), snapshot, groupBy)
  return stored.findIndex(({ id }) => id === parent?.id)
}

test('there is none in an empty repository', async () => {
  expect(await chosen([])).toBe(-1)
})

test('the latest counts, not the one stored last', async () => {
  const times = ['2024-01-02T00:00:00Z', '2024-04-30T00:00:00Z', '2023-12-31T00:00:00Z']
  expect(await chosen(times.map((time) => ({ time })))).toBe(1)
})

test('times are compared as moments', async () => {
  expect(
    await chosen([
      { time: '2024-05-01T13:00:00+05:30' },
      { time: '2024-05-01T05:00:00-03:30' },
      { time: '2024-05-01T08:00:00Z' },
    ]),
  ).toBe(1)
})

test('one at the same moment counts, a younger one does not', async () => {
  expect(await chosen([{ time: NOON }, { time: '2024-05-01T12:00:00.000000001Z' }])).toBe(0)
  expect(await chosen([{ time: '2024-05-02T00:00:00Z' }])).toBe(-1)
})

describe('by default', () => {
  test.each<[string, Omit<Earlier, 'time'>, boolean]>([
    ['another host', { hostname: 'there' }, false],
    ['one path only', { paths: ['/a'] }, false],
    ['another path', { paths: ['/a', '/c'] }, false],
    ['a folder of the paths', { paths: ['/'] }, false],
    ['paths in another order', { paths: ['/b', '/a'] }, true],
    ['one path more', { paths: ['/a', '/b', '/c'] }, true],
    ['other tags', { tags: ['y'] }, true],
  ])('%s: %o', async (_, fields, counts) => {
    expect(await chosen([{ time: '2024-01-01T00:00:00Z', ...fields }])).toBe(counts ? 0 : -1)
  })

  test('one without host is not of this host', async () => {
    const { repository } = await repositoryWith()
    await repository.saveSnapshot({
      time: parseTimestamp('2024-01-01T00:00:00Z'),
      tree: TREE,
      paths: NEW.paths,
    })
    const all = await repository.snapshots()
    expect(chooseParents(all, NEW, DEFAULT_PARENT_GROUPING).parent).toBeUndefined()
    expect(chooseParents(all, { ...NEW, host: '' }, DEFAULT_PARENT_GROUPING).parent).toBeDefined()
  })
})

describe('grouped otherwise', () => {
  const others: readonly Earlier[] = [
    { time: '2024-01-01T00:00:00Z', tags: ['x', 'y'] },
    { time: '2024-01-02T00:00:00Z', hostname: 'there', tags: [] },
    { time: '2024-01-03T00:00:00Z', paths: ['/z'], tags: ['y'] },
  ]
  test.each([
    [{ host: true, paths: true, tags: true }, 0],
    [{ host: false, paths: true, tags: false }, 1],
    [{ host: true, paths: false, tags: false }, 2],
    [{ host: false, paths: false, tags: true }, 0],
    [{ host: false, paths: false, tags: false }, 2],
  ])('%o', async (groupBy, expected) => {
    expect(await chosen(others, groupBy)).toBe(expected)
  })

  test('by tags where the new one has none: any will do', async () => {
    expect(await chosen(others, { host: false, paths: false, tags: true }, { ...NEW, tags: [] })).toBe(2)
  })
})

describe('partial snapshots', () => {
  const good = { time: '2024-02-01T00:00:00Z' }

  /** What is chosen among good and partial snapshots, as the numbers of those given. */
  async function parentsAmong(...earlier: readonly (Earlier & { readonly partial?: boolean })[]): Promise<{
    readonly parent: number
    readonly partials: readonly number[]
    readonly superseded: readonly number[]
  }> {
    const marked = earlier.map(({ partial = false, ...fields }) => {
      const { hostname = NEW.host, tags = NEW.tags } = fields
      const { hostname: host = '', tags: marks = [] } = partial
        ? markPartial({ time: parseTimestamp(NOON), tree: TREE, paths: [], hostname, tags })
        : { hostname, tags }
      return { ...fields, hostname: host, tags: marks }
    })
    const { repository, stored } = await repositoryWith(...marked)
    const all = await repository.snapshots()
    const { parent, partials } = chooseParents(all, NEW, DEFAULT_PARENT_GROUPING)
    const numberOf = (id: string | undefined): number => stored.findIndex((snapshot) => snapshot.id === id)
    const superseded = supersededBy(all, { time: NEW.time, paths: NEW.paths, hostname: NEW.host })
    return {
      parent: numberOf(parent?.id),
      partials: partials.map(({ id }) => numberOf(id)),
      superseded: superseded.map(({ id }) => numberOf(id)),
    }
  }

  test('are no parents, and come on top of it, the latest first, where they are younger', async () => {
    const early = { time: '2024-01-01T00:00:00Z', partial: true }
    const late = [1, 2].map((day) => ({ time: `2024-03-0${day}T00:00:00Z`, partial: true }))
    expect(await parentsAmong(early, good, ...late)).toEqual({ parent: 1, partials: [3, 2], superseded: [0, 2, 3] })
    expect(await parentsAmong(...late)).toEqual({ parent: -1, partials: [1, 0], superseded: [0, 1] })
  })

  test.each<[string, Partial<Earlier>, boolean]>([
    ['of another machine', { hostname: 'there' }, false],
    ['of fewer paths', { paths: ['/a'] }, false],
    ['of more paths', { paths: ['/a', '/b', '/c'] }, true],
    ['younger than the new one', { time: '2024-05-01T12:00:00.1Z' }, false],
  ])('%s are not superfluous after it', async (_, fields, usable) => {
    const found = await parentsAmong(good, { time: '2024-03-01T00:00:00Z', partial: true, ...fields })
    expect(found).toEqual({ parent: 0, partials: usable ? [1] : [], superseded: [] })
  })

  test('that somebody has changed are not superfluous', async () => {
    const changed = { time: '2024-03-01T00:00:00Z', partial: true, original: TREE }
    expect(await parentsAmong(good, changed)).toEqual({ parent: 0, partials: [1], superseded: [] })
  })
})
