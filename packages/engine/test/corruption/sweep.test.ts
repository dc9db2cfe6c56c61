import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createStorage } from '../../src/storage/open-storage.ts'
import { MemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { scratchFolder } from '../../../../test/scratch-folder.ts'
import { makeDamagedWorld, type DamagedWorld } from './damaged-world.ts'
import { sweep, type SweepOptions } from './sweep.ts'

/** Fills storage with the objects of a world. */
async function filled(storage: Storage, world: DamagedWorld): Promise<Storage> {
  for (const { type, name, bytes } of world.objects) await storage.save(type, name, bytes)
  return storage
}

const KINDS = ['config', 'index', 'key', 'lock', 'pack', 'snapshot']

/** What went unnoticed, the kinds of object that were tried, and those of which some damage took reading data to be noticed. */
async function sweepOver(world: DamagedWorld, storage: Storage, options: SweepOptions) {
  const counts = await sweep(world, storage, options)
  return {
    failures: [...counts.values()].flatMap(({ failures }) => failures),
    kinds: [...counts.keys()].toSorted(),
    // All but the content of packs is read by every check.
    thatNeedData: [...counts].filter(([, { tried, withoutData }]) => withoutData < tried).map(([type]) => type),
  }
}

describe('damage of any kind to any object is noticed', () => {
  test.each([1, 2] as const)('in version %d', async (version) => {
    const world = await makeDamagedWorld(version)
    const storage = await filled(new MemoryStorage(), world)
    const swept = await sweepOver(world, storage, { stepOfSmall: 8, stepOfPacks: 64, oneIn: 37 })
    expect(swept).toEqual({ failures: [], kinds: KINDS, thatNeedData: ['pack'] })
  })

  test.each(['folder', 'database.db'])('in a %s', async (name) => {
    const world = await makeDamagedWorld(2)
    const storage = await filled(await createStorage(join(scratchFolder(), name)), world)
    const swept = await sweepOver(world, storage, { stepOfSmall: 50, stepOfPacks: 500, oneIn: 53 })
    await storage.close()
    expect(swept).toEqual({ failures: [], kinds: KINDS, thatNeedData: ['pack'] })
  })
})
