import { beforeAll, describe, expect, test } from 'vitest'
import { findSnapshot, findSnapshotId } from '../../src/history/find-snapshot.ts'
import { idOf } from '../../src/repository/id.ts'
import type { StoredSnapshot } from '../../src/repository/snapshot.ts'
import { copyStorage, openFixture, RepositoryFixture } from '../fixtures/repository-fixture.ts'

let fixture: RepositoryFixture
let snapshots: StoredSnapshot[]

beforeAll(async () => {
  fixture = await RepositoryFixture.create()
  const tree = idOf(Buffer.of(1))
  snapshots = []
  for (const hostname of ['one', 'two', 'one', 'two']) snapshots.push(await fixture.snapshotOf(tree, { hostname }))
})

async function positionOf(text: string, hosts: readonly string[] = []): Promise<number> {
  const { snapshot } = await findSnapshot(fixture.repository, text, { hosts })
  return snapshots.findIndex(({ id }) => id === snapshot.id) + 1
}

async function pathOf(text: string): Promise<string | undefined> {
  return (await findSnapshot(fixture.repository, text)).path
}

describe('a snapshot is found', () => {
  test('by its number, oldest first', async () => {
    for (const number of [1, 2, 3, 4]) expect(await positionOf(String(number))).toBe(number)
  })

  test('by its id, and by the beginning of it, in either case', async () => {
    const [, second] = snapshots
    expect(await positionOf(String(second?.id))).toBe(2)
    expect(await positionOf(String(second?.id.slice(0, 20)))).toBe(2)
    expect(await positionOf(String(second?.id.slice(0, 20).toUpperCase()))).toBe(2)
  })

  test('as the latest, or so many before it, of those that a filter lets through', async () => {
    expect(await positionOf('latest')).toBe(4)
    expect(await positionOf('latest~0')).toBe(4)
    expect(await positionOf('latest~3')).toBe(1)
    expect(await positionOf('latest', ['one'])).toBe(3)
    expect(await positionOf('latest~1', ['one'])).toBe(1)
  })

  test('with a path behind a colon', async () => {
    expect(await pathOf('latest:/a/b')).toBe('/a/b')
    expect(await pathOf('2:a:b')).toBe('a:b')
    expect(await pathOf('latest')).toBeUndefined()
    expect(await pathOf('latest:')).toBeUndefined()
  })

  test('by an id of digits only, when there are not so many snapshots', async () => {
    const { storage } = await RepositoryFixture.create()
    const repository = await openFixture(storage)
    for (const name of ['12'.padEnd(64, '0'), '3'.padEnd(64, 'a'), '4'.padEnd(64, 'b')]) {
      await storage.save('snapshot', name, Buffer.of(1))
    }
    await expect(findSnapshot(repository, '12')).rejects.toMatchObject({
      message: expect.stringContaining('120000000'),
    })
    await expect(findSnapshot(repository, '4')).rejects.toMatchObject({ message: expect.stringContaining('4bbbbbb') })
  })
})

describe('a snapshot is not found', () => {
  test.each([
    '50000000',
    '00000000',
    '-1',
    'latest~4',
    'latest~',
    'Latest',
    '',
    'xyz',
    '99999999999',
    'ffffffffffff',
    ':/a',
    `${'0'.repeat(63)}g`,
  ])('that is called %j', async (text) => {
    await expect(findSnapshot(fixture.repository, text)).rejects.toMatchObject({ code: 'ERR_VARVE_SNAPSHOT_NOT_FOUND' })
  })

  test('by a whole id that nothing has', async () => {
    const id = 'f'.repeat(64)
    await expect(findSnapshot(fixture.repository, id)).rejects.toMatchObject({
      code: 'ERR_VARVE_SNAPSHOT_NOT_FOUND',
      message: expect.stringContaining(id),
    })
  })

  test('as the latest of a host that has none, or of nothing', async () => {
    const notFound = { code: 'ERR_VARVE_SNAPSHOT_NOT_FOUND' }
    await expect(findSnapshot(fixture.repository, 'latest', { hosts: ['three'] })).rejects.toMatchObject(notFound)
    const empty = await RepositoryFixture.create()
    await expect(findSnapshot(empty.repository, 'latest')).rejects.toMatchObject(notFound)
    await expect(findSnapshot(empty.repository, '1')).rejects.toMatchObject(notFound)
  })
})

test('beside one that is damaged, the others are found by their ids, and nothing by its place in the order', async () => {
  const storage = await copyStorage(fixture.storage)
  const repository = await openFixture(storage)
  const [damaged = '', other = ''] = snapshots.map(({ id }) => id)
  await storage.save('snapshot', damaged, Buffer.from('bad'))
  expect((await findSnapshot(repository, other.slice(0, 20))).snapshot.id).toBe(other)
  const failure = { code: 'ERR_VARVE_DAMAGED', message: expect.stringContaining(damaged) }
  for (const name of ['2', 'latest', 'latest~1']) {
    const withHint = { ...failure, hint: expect.stringContaining('name them by their ids') }
    await expect(findSnapshot(repository, name)).rejects.toMatchObject(withHint)
  }
  await expect(findSnapshot(repository, damaged)).rejects.toMatchObject(failure)
  expect(await findSnapshotId(repository, `${damaged}:/a`)).toEqual({ id: damaged, path: '/a' })
})

test('the beginning of several ids is ambiguous, and they are listed', async () => {
  const storage = await copyStorage(fixture.storage)
  const repository = await openFixture(storage)
  for (const last of '0123456789') await storage.save('snapshot', `abcdef${last.padStart(58, '0')}`, Buffer.of(1))
  await expect(findSnapshot(repository, 'abcd')).rejects.toMatchObject({
    code: 'ERR_VARVE_SNAPSHOT_AMBIGUOUS',
    message: expect.stringContaining('10 snapshot ids: abcdef00'),
  })
})
