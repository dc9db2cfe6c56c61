import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import type { PresentPack } from '../../src/maintenance/check-packs.ts'
import { PackQueue } from '../../src/maintenance/pack-queue.ts'
import { idOf } from '../../src/repository/id.ts'

const PACKS: readonly PresentPack[] = Array.from({ length: 3000 }, (_, i) => {
  return { id: idOf(Buffer.from(String(i))), size: i === 7 ? 2 ** 33 + 1 : i }
})

function takeAll(queue: PackQueue): readonly PresentPack[] {
  const taken: PresentPack[] = []
  for (let pack = queue.take(); pack !== undefined; pack = queue.take()) taken.push(pack)
  return taken
}

describe('packs of a queue', () => {
  test('are taken in their order, and then there is none left', () => {
    const queue = PackQueue.of(PACKS)
    expect(takeAll(queue)).toEqual(PACKS)
    expect(queue.take()).toBeUndefined()
    expect(PackQueue.of([]).take()).toBeUndefined()
  })

  test('are each taken once, whoever takes them', async () => {
    const queue = PackQueue.of(PACKS)
    const code = `
      import { parentPort, workerData } from 'node:worker_threads'
      const { PackQueue } = await import(workerData.module)
      const queue = PackQueue.attach(workerData.shared)
      const taken = []
      for (let pack = queue.take(); pack !== undefined; pack = queue.take()) taken.push(pack)
      parentPort.postMessage(taken)`
    const module = new URL('../../src/maintenance/pack-queue.ts', import.meta.url).href
    const threads = [1, 2, 3].map(
      () =>
        new Promise<readonly PresentPack[]>((resolve, reject) => {
          const url = new URL(`data:text/javascript,${encodeURIComponent(code)}`)
          const execArgv = ['--conditions=varve-source']
          const worker = new Worker(url, { workerData: { module, shared: queue.shared }, execArgv })
          worker.once('message', resolve).once('error', reject)
        }),
    )
    const taken = [await Promise.all(threads), takeAll(queue)].flat(2)
    expect(taken.toSorted((a, b) => a.size - b.size)).toEqual(PACKS.toSorted((a, b) => a.size - b.size))
  })
})
