import { expect, test, vi } from 'vitest'
import { BlobSaver } from '../../src/snapshot/blob-saver.ts'
import { MemoryStorage } from '../../src/storage/memory.ts'
import { cheapRepository } from '../repository/cheap-repository.ts'

const pools = vi.hoisted(() => ({ started: 0 }))

vi.mock(import('@varve/platform/workers'), async (importOriginal) => {
  const original = await importOriginal()
  class CountedPool<Job, Result, Event> extends original.WorkerPool<Job, Result, Event> {
    constructor(...args: ConstructorParameters<typeof original.WorkerPool<Job, Result, Event>>) {
      super(...args)
      pools.started++
    }
  }
  return { ...original, WorkerPool: CountedPool }
})

test.each([
  { dryRun: false, packs: 1 },
  { dryRun: true, packs: 0 },
])('folders alone start no threads: %o', async ({ dryRun, packs }) => {
  const storage = new MemoryStorage()
  const repository = await cheapRepository({ storage })
  pools.started = 0
  const saver = new BlobSaver(await repository.loadIndex(), { workers: 2, dryRun })
  const trees = ['{"nodes":[]}\n', '{"nodes": []}\n'].map((text) => Buffer.from(text))
  const ids = trees.map((tree) => saver.saveBlob('tree', Buffer.from(tree)))
  expect(await saver.finish()).toMatchObject({ treeBlobs: 2, dataBlobs: 0, bytes: 27 })
  expect(pools.started).toBe(0)

  expect(await storage.list('pack')).toHaveLength(packs)
  const { index } = await repository.loadIndex()
  expect(ids.map((id) => index.has('tree', id))).toEqual([!dryRun, !dryRun])
})
