import { describe, expect, test } from 'vitest'
import { idOf } from '../../src/repository/id.ts'
import type { OpenRepository } from '../../src/repository/repository.ts'
import type { Snapshot, StoredSnapshot } from '../../src/repository/snapshot.ts'
import { parseTimestamp } from '../../src/repository/timestamp.ts'
import { DEFAULT_PARENT_GROUPING, findParent, type NewSnapshot } from '../../src/snapshot/parent.ts'
import { cheapRepository } from '../repository/cheap-repository.ts'

const NOON = '2024-05-01T12:00:00Z'
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
      tree: idOf(Buffer.from('tree')),
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
  const parent = await findParent(repository, snapshot, groupBy, undefined)
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
      tree: idOf(Buffer.from('tree')),
      paths: NEW.paths,
    })
    expect(await findParent(repository, NEW, DEFAULT_PARENT_GROUPING, undefined)).toBeUndefined()
    expect(await findParent(repository, { ...NEW, host: '' }, DEFAULT_PARENT_GROUPING, undefined)).toBeDefined()
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

test('one that cannot be read is passed over, and named', async () => {
  const { repository, stored } = await repositoryWith(
    { time: '2024-01-01T00:00:00Z' },
    { time: '2024-01-02T00:00:00Z' },
  )
  const [earlier, damaged] = stored.map(({ id }) => id)
  await repository.storage.save('snapshot', damaged ?? '', Buffer.from('bad'))
  const messages: string[] = []
  const parent = await findParent(repository, NEW, DEFAULT_PARENT_GROUPING, undefined, ({ message }) =>
    messages.push(message),
  )
  expect(parent?.id).toBe(earlier)
  expect(messages).toEqual([expect.stringContaining(damaged ?? '')])
})

describe('when it is given', () => {
  test('it is taken, however little it agrees', async () => {
    const { repository, stored } = await repositoryWith({ time: '2030-01-01T00:00:00Z', hostname: 'x', paths: ['/x'] })
    const id = stored[0]?.id
    expect((await findParent(repository, NEW, DEFAULT_PARENT_GROUPING, id))?.id).toBe(id)
  })

  test('null is none', async () => {
    const { repository } = await repositoryWith({ time: '2024-01-01T00:00:00Z' })
    expect(await findParent(repository, NEW, DEFAULT_PARENT_GROUPING, null)).toBeUndefined()
  })

  test('one that is not there fails', async () => {
    const { repository } = await repositoryWith()
    await expect(findParent(repository, NEW, DEFAULT_PARENT_GROUPING, idOf(Buffer.from('no')))).rejects.toMatchObject({
      code: 'ERR_VARVE_NOT_FOUND',
    })
  })
})
