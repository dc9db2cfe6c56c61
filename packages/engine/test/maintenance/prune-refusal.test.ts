import { describe, expect, test } from 'vitest'
import type { MaxUnused } from '../../src/maintenance/pack-choice.ts'
import { planPrune } from '../../src/maintenance/prune-plan.ts'
import { idOf, type Id } from '../../src/repository/id.ts'
import type { StoredSnapshot } from '../../src/repository/snapshot.ts'
import { noise, RepositoryFixture } from '../fixtures/repository-fixture.ts'
import { aNode } from '../repository/a-node.ts'
import { everythingIn, pruneUnlocked } from './pruned-repository.ts'

async function damaged(
  damage: (fixture: RepositoryFixture, kept: StoredSnapshot) => Promise<void>,
): Promise<{ fixture: RepositoryFixture; gone: Id }> {
  const fixture = await RepositoryFixture.create()
  const { id: gone } = await fixture.snapshot({ a: noise(3000, 1), b: noise(2000, 2) })
  const kept = await fixture.snapshot({ b: noise(2000, 2), folder: { c: 'c' } })
  await damage(fixture, kept)
  return { fixture, gone }
}

async function packOf({ repository }: RepositoryFixture, type: 'data' | 'tree', id: Id): Promise<string> {
  return String((await repository.loadIndex()).index.lookup(type, id)?.pack)
}

describe('a prune refuses and removes nothing', () => {
  const content = idOf(noise(2000, 2).subarray(0, 1000))

  test.each<[string, string, (fixture: RepositoryFixture, kept: StoredSnapshot) => Promise<void>]>([
    [
      'a snapshot that stays cannot be read',
      'ERR_VARVE_DAMAGED',
      ({ storage }, { id }) => storage.save('snapshot', id, Buffer.of(1)),
    ],
    [
      'a pack of folders is gone',
      'ERR_VARVE_NOT_FOUND',
      async (f, { tree }) => f.storage.remove('pack', await packOf(f, 'tree', tree)),
    ],
    [
      'a pack of content is gone',
      'ERR_VARVE_NOT_FOUND',
      async (f) => f.storage.remove('pack', await packOf(f, 'data', content)),
    ],
    [
      'a pack of content is too long',
      'ERR_VARVE_DAMAGED',
      async (f) => {
        const pack = await packOf(f, 'data', content)
        await f.storage.save('pack', pack, Buffer.concat([await f.storage.load('pack', pack), Buffer.of(0)]))
      },
    ],
    [
      'a folder is damaged',
      'ERR_VARVE_DAMAGED',
      async (f, { tree }) => {
        const pack = await packOf(f, 'tree', tree)
        const bytes = await f.storage.load('pack', pack)
        await f.storage.save('pack', pack, bytes.fill(0, 0, bytes.length - 200))
      },
    ],
    [
      'an index cannot be read',
      'ERR_VARVE_DAMAGED',
      async ({ storage }) => {
        const [index] = await storage.list('index')
        await storage.save('index', String(index?.name), Buffer.of(1))
      },
    ],
    [
      'an index is gone',
      'ERR_VARVE_MISSING_BLOB',
      async ({ storage }) => {
        for (const { name } of await storage.list('index')) await storage.remove('index', name)
      },
    ],
    [
      'content is in no index',
      'ERR_VARVE_MISSING_BLOB',
      async (f) => {
        await f.snapshot({ lost: (name) => aNode({ name, type: 'file', content: [idOf(Buffer.of(1))] }) })
      },
    ],
    [
      'a file does not say what is in it',
      'ERR_VARVE_DAMAGED',
      async (f) => {
        await f.snapshot({ lost: (name) => aNode({ name, type: 'file', content: null }) })
      },
    ],
    [
      'a folder does not say what is in it',
      'ERR_VARVE_DAMAGED',
      async (f) => {
        await f.snapshot({ lost: (name) => aNode({ name, type: 'dir' }) })
      },
    ],
  ])('where %s', async (_, code, damage) => {
    const { fixture, gone } = await damaged(damage)
    const before = await everythingIn(fixture.storage)
    await expect(pruneUnlocked(fixture.repository, { remove: [gone] })).rejects.toMatchObject({
      code,
      hint: expect.stringContaining('Nothing was removed'),
    })
    expect(await everythingIn(fixture.storage)).toEqual(before)
  })

  test('of a snapshot that is not there', async () => {
    const { fixture } = await damaged(async () => {})
    const before = await everythingIn(fixture.storage)
    await expect(pruneUnlocked(fixture.repository, { remove: [idOf(Buffer.of(1))] })).rejects.toMatchObject({
      code: 'ERR_VARVE_SNAPSHOT_NOT_FOUND',
    })
    expect(await everythingIn(fixture.storage)).toEqual(before)
  })

  test.each<MaxUnused>([{ percent: 100 }, { percent: -1 }, { percent: Number.NaN }, { bytes: -1 }])(
    'with a limit of %j',
    async (maxUnused) => {
      const { repository } = await RepositoryFixture.create()
      await expect(planPrune(repository, { maxUnused })).rejects.toMatchObject({ code: 'ERR_VARVE_BAD_ARGUMENT' })
    },
  )

  test('or no more than the snapshot, where content turns out to be damaged when it is copied', async () => {
    const { fixture, gone } = await damaged(async (f) => {
      const { index } = await f.repository.loadIndex()
      const place = index.lookup('data', content)
      const pack = String(place?.pack)
      const bytes = await f.storage.load('pack', pack)
      const at = (place?.offset ?? 0) + 40
      bytes[at] = (bytes[at] ?? 0) ^ 1
      await f.storage.save('pack', pack, bytes)
    })
    const before = await everythingIn(fixture.storage)
    await expect(pruneUnlocked(fixture.repository, { remove: [gone] })).rejects.toMatchObject({
      code: 'ERR_VARVE_DAMAGED',
      message: expect.stringContaining(content),
    })
    expect(await everythingIn(fixture.storage)).toEqual(before.filter((line) => !line.startsWith(`snapshot ${gone}`)))
  })
})
