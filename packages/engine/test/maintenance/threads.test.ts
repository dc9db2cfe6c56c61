import { beforeAll, describe, expect, test } from 'vitest'
import { repositoryStatistics } from '../../src/history/statistics.ts'
import { check } from '../../src/maintenance/check.ts'
import { TOO_LITTLE_FOR_THREADS } from '../../src/maintenance/job-runner.ts'
import { planPrune } from '../../src/maintenance/prune-plan.ts'
import { executePrune } from '../../src/maintenance/prune.ts'
import { TOO_LITTLE_TO_SHARE } from '../../src/maintenance/repack.ts'
import type { Node } from '../../src/repository/node.ts'
import type { StoredSnapshot } from '../../src/repository/snapshot.ts'
import { aNode } from '../repository/a-node.ts'
import { copyStorage, noise, openFixture, RepositoryFixture } from '../fixtures/repository-fixture.ts'

const MIB = 1024 * 1024

let fixture: RepositoryFixture
let first: StoredSnapshot

/** A file of so many pieces of one MiB each, numbered from `seed` on. */
function largeFile(pieces: number, seed: number): (name: string) => Node {
  return (name) => {
    const content = Array.from({ length: pieces }, (_, i) => fixture.blob('data', noise(MIB, seed + i)))
    return aNode({ name, type: 'file', size: BigInt(pieces * MIB), links: 1n, content })
  }
}

beforeAll(async () => {
  fixture = await RepositoryFixture.create()
  first = await fixture.snapshot({ large: largeFile(40, 0), text: 'text'.repeat(3000) })
  await fixture.snapshot({ large: largeFile(20, 3), folder: { text: 'text'.repeat(3000) } })
})

describe('with enough to do for threads', () => {
  test('which this is', async () => {
    const { packBytes } = await repositoryStatistics(await fixture.repository.loadIndex())
    expect(packBytes).toBeGreaterThan(Math.max(TOO_LITTLE_FOR_THREADS, TOO_LITTLE_TO_SHARE))
  })

  test('a check finds nothing where nothing is wrong', async () => {
    const { problems, counts } = await check(fixture.repository, { readData: true, noLock: true })
    expect(problems).toEqual([])
    expect(counts).toMatchObject({ packsRead: 3 })
  })

  test('a check finds the one bit that is wrong', async () => {
    const storage = await copyStorage(fixture.storage)
    const repository = await openFixture(storage)
    const packs = [...(await repository.loadIndex()).index.packs()]
    const pack = packs.find(({ blobs }) => blobs.length > 10)
    const blob = pack?.blobs[7]
    if (pack === undefined || blob === undefined) throw new Error('there should be a large pack')
    const bytes = await storage.load('pack', pack.id)
    bytes[blob.offset + 500_000] = (bytes[blob.offset + 500_000] ?? 0) ^ 4
    await storage.save('pack', pack.id, bytes)
    const { problems } = await check(repository, { readData: true, noLock: true })
    expect(problems).toMatchObject([
      { kind: 'damaged-pack', pack: pack.id },
      {
        kind: 'damaged-blob',
        pack: pack.id,
        blob: { id: blob.id },
        affected: { paths: [{ path: '/large' }, { path: '/large' }] },
      },
    ])
    const plan = await planPrune(repository, { remove: [first.id], maxUnused: { bytes: 0 } })
    await expect(executePrune(repository, plan)).rejects.toMatchObject({ code: 'ERR_VARVE_DAMAGED' })
  })

  test('a prune moves what is needed', async () => {
    const storage = await copyStorage(fixture.storage)
    const repository = await openFixture(storage)
    const plan = await planPrune(repository, { remove: [first.id], maxUnused: { bytes: 0 } })
    expect(plan.figures).toMatchObject({ packsRepacked: 1, packsRemoved: 1 })
    const outcome = await executePrune(repository, plan)
    expect(outcome.packsWritten).toBe(2)
    expect(outcome.bytesWritten).toBeLessThan(20.1 * MIB)
    const { problems, hints, counts } = await check(repository, { readData: true, noLock: true })
    expect({ problems, hints }).toEqual({ problems: [], hints: [] })
    expect(counts).toMatchObject({ snapshots: 1, packs: 3 })
    const statistics = await repositoryStatistics(await repository.loadIndex(), { unused: true })
    expect(statistics.unusedBytes).toBe(0)
  })

  test('a check stops when it is told to', async () => {
    const controller = new AbortController()
    const onProgress = ({ phase }: { phase: string }): void => {
      if (phase === 'reading packs') controller.abort()
    }
    const checking = check(fixture.repository, { readData: true, noLock: true, signal: controller.signal, onProgress })
    await expect(checking).rejects.toMatchObject({ code: 'ERR_VARVE_ABORTED' })
  })
})
