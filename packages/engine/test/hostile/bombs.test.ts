import { describe, expect, test } from 'vitest'
import { check } from '../../src/maintenance/check.ts'
import { Compressor } from '../../src/repository/compression.ts'
import { idOf, type Id } from '../../src/repository/id.ts'
import { Sealer } from '../../src/repository/sealing.ts'
import { RepositoryFixture } from '../fixtures/repository-fixture.ts'

/** Bytes that a bomb makes of a few kilobytes: more than a snapshot or a lock is allowed. */
const CONTENT = 200 * 2 ** 20

/** Most bytes of memory that refusing it may take. */
const MOST_MEMORY = 180 * 2 ** 20

/** Stores a document that is a sealed frame of zeros. */
async function plant(fixture: RepositoryFixture, type: 'snapshot' | 'lock'): Promise<Id> {
  const { key } = fixture.repository
  const frame = new Compressor('auto').compress(Buffer.alloc(CONTENT))
  const bytes = new Sealer(key).seal(Buffer.concat([Buffer.of(2), frame]))
  const id = idOf(bytes)
  await fixture.storage.save(type, id, bytes)
  return id
}

describe('a document that decompresses to very much', () => {
  test('is refused as a snapshot, by name and in little memory', async () => {
    const fixture = await RepositoryFixture.create()
    const id = await plant(fixture, 'snapshot')
    const before = process.memoryUsage.rss()
    await expect(fixture.repository.loadSnapshot(id)).rejects.toMatchObject({
      code: 'ERR_VARVE_DAMAGED',
      message: expect.stringContaining(id),
    })
    expect(process.memoryUsage.rss() - before).toBeLessThan(MOST_MEMORY)
    const { problems } = await check(fixture.repository, { noLock: true })
    expect(problems).toMatchObject([{ kind: 'damaged-snapshot', snapshot: id }])
  })

  test('is refused as a lock, by name', async () => {
    const fixture = await RepositoryFixture.create()
    const id = await plant(fixture, 'lock')
    await expect(check(fixture.repository)).rejects.toMatchObject({
      code: 'ERR_VARVE_DAMAGED',
      message: expect.stringContaining(id),
    })
  })
})
