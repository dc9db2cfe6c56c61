import { expect, test } from 'vitest'
import { repositoryStatistics } from '../../src/history/statistics.ts'
import { noise, RepositoryFixture } from '../fixtures/repository-fixture.ts'

test('counts what a repository holds', async () => {
  const fixture = await RepositoryFixture.create()
  const compressible = 'a'.repeat(1000)
  await fixture.snapshot({ one: noise(3000, 1), two: noise(3000, 1), folder: { text: compressible } })
  await fixture.snapshot({ text: compressible, more: '' }, { again: true })
  fixture.blob('data', noise(500, 2))
  await fixture.flush()

  const statistics = await repositoryStatistics(await fixture.repository.loadIndex(), { unused: true })
  expect(statistics).toMatchObject({
    snapshots: 2,
    packs: 5,
    indexes: 3,
    data: { count: 5, bytes: 3000 + 1000 + 500 },
    tree: { count: 3 },
    unusedBytes: 500 + 32,
  })
  expect(statistics.data.storedBytes).toBeGreaterThan(3500)
  expect(statistics.data.storedBytes).toBeLessThan(3500 + 5 * 32 + 100)
  expect(statistics.duplicateBytes).toBeGreaterThan(32)
  expect(statistics.compressionRatio).toBeGreaterThan(1)
  const stored = await fixture.storage.list('pack')
  expect(statistics.packBytes).toBe(stored.reduce((sum, { size }) => sum + size, 0))
})

test('counts nothing in an empty repository', async () => {
  const { repository } = await RepositoryFixture.create()
  expect(await repositoryStatistics(await repository.loadIndex())).toMatchObject({
    snapshots: 0,
    packs: 0,
    compressionRatio: 1,
    unusedBytes: undefined,
  })
})
