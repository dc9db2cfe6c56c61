import { expect } from 'vitest'
import { check } from '../../src/maintenance/check.ts'
import { planPrune, type PlanPruneOptions, type PrunePlan } from '../../src/maintenance/prune-plan.ts'
import { executePrune, type PruneOutcome } from '../../src/maintenance/prune.ts'
import { idOf, type Id } from '../../src/repository/id.ts'
import type { OpenRepository } from '../../src/repository/repository.ts'
import { LISTED_FILE_TYPES, type Storage } from '../../src/storage/storage.ts'
import { readSnapshot } from '../fixtures/snapshot-content.ts'
import { faultsOfPacks, unindexedPacks } from './verified-packs.ts'

/** Everything that is stored, as text that can be compared. */
export async function everythingIn(storage: Storage): Promise<readonly string[]> {
  const all: string[] = []
  for (const type of LISTED_FILE_TYPES) {
    for (const { name } of await storage.list(type)) all.push(`${type} ${name} ${idOf(await storage.load(type, name))}`)
  }
  return all.toSorted()
}

/** Prunes without a lock, which takes its time. */
export async function pruneUnlocked(
  repository: OpenRepository,
  options: PlanPruneOptions = {},
): Promise<PruneOutcome & Pick<PrunePlan, 'figures'>> {
  const plan = await planPrune(repository, options)
  return { figures: plan.figures, ...(await executePrune(repository, plan, options)) }
}

/** Expects that nothing is wrong with a repository, and nothing in it left over. */
export async function expectSound(repository: OpenRepository): Promise<void> {
  const indexed = await repository.loadIndex()
  expect((await check(repository, { noLock: true })).problems).toEqual([])
  expect(await faultsOfPacks(indexed)).toEqual([])
  expect(await unindexedPacks(indexed)).toEqual([])
}

/** What is in each snapshot. */
export async function contentsOf(repository: OpenRepository): Promise<ReadonlyMap<Id, Record<string, string>>> {
  const indexed = await repository.loadIndex()
  const contents = new Map<Id, Record<string, string>>()
  for (const snapshot of await repository.snapshots()) contents.set(snapshot.id, await readSnapshot(indexed, snapshot))
  return contents
}
