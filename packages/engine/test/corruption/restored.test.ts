import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isVarveError } from '@varve/platform/errors'
import { restore } from '../../src/restore/restore.ts'
import { createStorage, openStorage } from '../../src/storage/open-storage.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { openFixture } from '../fixtures/repository-fixture.ts'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { makeDamagedWorld, type DamagedWorld } from './damaged-world.ts'
import { damages } from './damages.ts'

/** How often, and from which seed on: VARVE_RUNS and VARVE_SEED ask for others. */
const RUNS = Number(process.env['VARVE_RUNS'] ?? 25)
const SEED = Number(process.env['VARVE_SEED'] ?? 5)

/** Restores a snapshot into a new folder. Throws unless every file is right, or missing with a problem or a failure. */
async function restoreAndCompare(
  world: DamagedWorld,
  location: string,
  snapshotNumber: number,
): Promise<'right' | 'refused' | 'incomplete'> {
  const snapshot = world.snapshots[snapshotNumber % world.snapshots.length]
  if (snapshot === undefined) throw new Error('there are snapshots')
  const target = join(scratchFolder(), 'target')
  const problems: string[] = []
  let opened: Storage | undefined
  let failure: unknown
  try {
    opened = await openStorage(location)
    const repository = await openFixture(opened)
    const onProblem = ({ path }: { readonly path: string }): number => problems.push(path)
    const options = { snapshot: snapshot.id, target, layout: 'full-paths', noLock: true, workers: 1 } as const
    const result = await restore(repository, { ...options, onProblem })
    if (result.problems !== problems.length) throw new Error('problems are not counted as they are reported')
  } catch (error) {
    if (!isVarveError(error)) throw error
    failure = error
  } finally {
    await opened?.close()
  }
  let missing = 0
  for (const [path, content] of world.truth.get(snapshot.id) ?? []) {
    const restored = read(join(target, path))
    if (restored === undefined) missing++
    if (restored?.equals(content) === false) throw new Error(`${path} is not what was saved`)
  }
  if (failure !== undefined) return 'refused'
  if (missing > 0 && problems.length === 0) throw new Error('what is missing is no problem')
  return missing === 0 ? 'right' : 'incomplete'
}

function read(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}

test('no corruption is ever restored as good', async () => {
  const world = await makeDamagedWorld(2)
  const location = join(scratchFolder(), 'repository')
  const storage = await createStorage(location)
  for (const { type, name, bytes } of world.objects) await storage.save(type, name, bytes)
  const outcomes = new Set<string>()
  const damaged = fc
    .constantFrom(...world.objects.filter(({ type }) => type !== 'lock'))
    .chain((object) =>
      fc.tuple(fc.constant(object), fc.constantFrom(...damages(object.bytes, 16, object.joints)), fc.nat(2)),
    )
  await fc.assert(
    fc.asyncProperty(damaged, async ([{ type, name, bytes }, { apply }, snapshot]) => {
      await storage.remove(type, name)
      await storage.save(type, name, apply(bytes))
      try {
        outcomes.add(await restoreAndCompare(world, location, snapshot))
      } finally {
        await storage.remove(type, name)
        await storage.save(type, name, bytes)
      }
    }),
    { numRuns: RUNS, seed: SEED },
  )
  await storage.close()
  expect(outcomes).toEqual(new Set(['right', 'refused', 'incomplete']))
})

test('no damaged page of a database is ever restored as good', async () => {
  const world = await makeDamagedWorld(2)
  const folder = scratchFolder()
  const database = await createStorage(join(folder, 'good.db'))
  for (const { type, name, bytes } of world.objects) await database.save(type, name, bytes)
  await database.close()
  const bytes = readFileSync(join(folder, 'good.db'))
  const location = join(folder, 'damaged.db')
  const outcomes = new Set<string>()
  const place = fc.oneof(fc.nat(99), fc.nat(bytes.length - 1))
  await fc.assert(
    fc.asyncProperty(place, fc.integer({ min: 1, max: 255 }), fc.nat(2), async (at, change, snapshot) => {
      const damaged = Buffer.from(bytes)
      damaged[at] = (damaged[at] ?? 0) ^ change
      writeFileSync(location, damaged)
      outcomes.add(await restoreAndCompare(world, location, snapshot))
    }),
    { numRuns: RUNS, seed: SEED },
  )
  expect(outcomes).toContain('right')
  expect(outcomes).toContain('refused')
})
