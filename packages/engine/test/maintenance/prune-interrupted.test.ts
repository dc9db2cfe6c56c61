import { describe, expect, test, vi } from 'vitest'
import { check } from '../../src/maintenance/check.ts'
import { planPrune } from '../../src/maintenance/prune-plan.ts'
import { executePrune } from '../../src/maintenance/prune.ts'
import type { Id } from '../../src/repository/id.ts'
import type { Fault } from '../../src/storage/fault-script.ts'
import { FaultyStorage } from '../../src/storage/faults.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { copyStorage, noise, openFixture, RepositoryFixture } from '../fixtures/repository-fixture.ts'
import { readSnapshot } from '../fixtures/snapshot-content.ts'
import { faultsOfPacks, unindexedPacks } from './verified-packs.ts'

// Ten entries are then enough for an index file that is not small.
vi.mock('../../src/repository/index-file.ts', async (importOriginal) => ({
  ...(await importOriginal<object>()),
  INDEX_FILE_BLOBS: 50,
}))

/** Something of every kind: index files to keep and to replace, packs to keep, to remove, to repack, one that no index names, and blobs that are there twice. */
async function untidyRepository(): Promise<{ fixture: RepositoryFixture; remove: readonly Id[] }> {
  const fixture = await RepositoryFixture.create()
  const first = await fixture.snapshot({
    a: noise(4000, 1),
    b: noise(3000, 2),
    only: noise(2000, 6),
    kept: { e: 'e' },
    same: 'same',
  })
  await fixture.snapshot({
    b: noise(3000, 2),
    folder: { c: noise(2000, 3) },
    only: noise(2000, 6),
    kept: { e: 'e' },
    same: 'same',
  })
  const third = await fixture.snapshot({ d: noise(3000, 4) })
  await fixture.snapshot({ b: noise(3000, 2), same: 'same' }, { again: true })
  await fixture.snapshot({ much: noise(12_000, 7) })
  fixture.blob('data', noise(600, 5))
  await fixture.flush({ index: false })
  return { fixture, remove: [first.id, third.id] }
}

async function pruneOn(storage: Storage, remove: readonly Id[]): Promise<void> {
  const repository = await openFixture(storage)
  const there = new Set((await storage.list('snapshot')).map(({ name }) => name))
  const plan = await planPrune(repository, { remove: remove.filter((id) => there.has(id)), maxUnused: { percent: 0 } })
  await executePrune(repository, plan)
}

/** All content of the snapshots that are there, which must be all of `expected` but for those that were to go. */
async function expectSound(storage: Storage, expected: ReadonlyMap<Id, unknown>, remove: readonly Id[]): Promise<void> {
  const repository = await openFixture(storage)
  const indexed = await repository.loadIndex()
  expect((await check(repository, { noLock: true })).problems).toEqual([])
  expect(await faultsOfPacks(indexed)).toEqual([])
  const left = new Set(expected.keys()).difference(new Set(remove))
  for (const snapshot of await repository.snapshots()) {
    expect(await readSnapshot(indexed, snapshot)).toEqual(expected.get(snapshot.id))
    left.delete(snapshot.id)
  }
  expect([...left]).toEqual([])
}

describe('a prune that ends at any moment leaves all that is to stay, and can be done again', () => {
  test.each<[string, Fault['action'] & { kind: 'crash' | 'fail' | 'fail-after' }]>([
    ['by a crash before it', { kind: 'crash', when: 'before' }],
    ['by a crash after it', { kind: 'crash', when: 'after' }],
    ['by a failure', { kind: 'fail' }],
    ['by a failure though it was done', { kind: 'fail-after' }],
  ])('%s', async (_, action) => {
    const { fixture, remove } = await untidyRepository()
    const contents = new Map<Id, unknown>()
    const indexed = await fixture.repository.loadIndex()
    for (const snapshot of await indexed.snapshots()) contents.set(snapshot.id, await readSnapshot(indexed, snapshot))

    const undisturbed = new FaultyStorage(await copyStorage(fixture.storage), [])
    const before = new Set((await undisturbed.list('index')).map(({ name }) => name))
    await pruneOn(undisturbed, remove)
    const after = new Set((await undisturbed.list('index')).map(({ name }) => name))
    expect(after.intersection(before).size).toBe(1)
    expect(after.difference(before).size).toBe(1)
    const counts = { save: 0, remove: 0 }
    for (const { operation } of undisturbed.performed)
      if (operation === 'save' || operation === 'remove') counts[operation]++
    expect(counts.save).toBeGreaterThanOrEqual(3)
    expect(counts.remove).toBeGreaterThanOrEqual(10)

    for (const operation of ['save', 'remove'] as const) {
      for (let at = 1; at <= counts[operation]; at++) {
        const storage = await copyStorage(fixture.storage)
        await expect(pruneOn(new FaultyStorage(storage, [{ operation, at, action }]), remove)).rejects.toThrow(
          'injected',
        )
        await expectSound(storage, contents, remove)
        await pruneOn(storage, remove)
        await expectSound(storage, contents, remove)
        expect(await unindexedPacks(await (await openFixture(storage)).loadIndex())).toEqual([])
        expect(await storage.list('snapshot')).toHaveLength(3)
      }
    }
  })
})
