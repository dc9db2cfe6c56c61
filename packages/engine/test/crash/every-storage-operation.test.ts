import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { check } from '../../src/maintenance/check.ts'
import { ConcurrencyLimit } from '../../src/storage/concurrency-limit.ts'
import type { PerformedOperation, StorageOperation } from '../../src/storage/fault-script.ts'
import { FaultyStorage } from '../../src/storage/faults.ts'
import { crashScratch } from './crash-scratch.ts'
import { LONG, TIMEOUT } from './crash-switches.ts'
import { NothingLost, storageFor } from './nothing-lost.ts'
import { forgetMemories, IN_MEMORY, STORAGE_KINDS, World, type StorageKind } from './world.ts'
import { WRITING_COMMANDS, type WritingCommand } from './writing-commands.ts'

/** Worlds at a time: most of the time a command waits to see whether others lock the repository too. */
const AT_A_TIME = 6

const MOMENTS = ['before', 'torn', 'after'] as const

let crashes = 0
afterAll(() => process.stderr.write(`${crashes} crashes at storage operations after which nothing was lost\n`))
afterEach(forgetMemories)

describe.each(STORAGE_KINDS)('crashes at every operation of $name storage', (kind) => {
  test.each(WRITING_COMMANDS)(
    'in $title',
    async (command) => {
      const scratch = crashScratch()
      const world = await prepared(scratch, kind, command)
      const { performed } = await run(await world.copyTo(join(scratch, 'whole')), command, undefined)
      expect(performed.length).toBeGreaterThan(3)

      const nothingLost = new NothingLost(scratch)
      const limit = new ConcurrencyLimit(AT_A_TIME)
      const points = crashPoints(performed, kind)
      await Promise.all(
        points.map((point) =>
          limit.run(async () => {
            const copy = await world.copyTo(join(scratch, `${point.at} ${point.when}`))
            await expectSurvival(copy, command, point, nothingLost).catch((error: unknown) => {
              throw new Error(`after a crash ${point.when} operation ${point.at}`, { cause: error })
            })
            crashes++
            rmSync(copy.root, { recursive: true })
          }),
        ),
      )
    },
    TIMEOUT,
  )
})

/**
 * In a short run only what can differ: reading changes nothing, so that before it is like after it; and what one storage has kept, another has kept, but for
 * torn objects, which each keeps in its own way.
 */
function crashPoints(performed: readonly PerformedOperation[], kind: StorageKind): readonly CrashPoint[] {
  return performed.flatMap(({ operation }, index) =>
    momentsOf(operation, kind).map((when) => ({ at: index + 1, when })),
  )
}

function momentsOf(operation: StorageOperation, kind: StorageKind): readonly CrashPoint['when'][] {
  const moments = operation === 'save' ? MOMENTS : MOMENTS.filter((when) => when !== 'torn')
  if (LONG) return moments
  if (kind !== IN_MEMORY) return moments.filter((when) => when === 'torn')
  return operation === 'save' || operation === 'remove' ? moments : ['before']
}

interface CrashPoint {
  readonly at: number
  readonly when: (typeof MOMENTS)[number]
}

interface Run {
  /** Whether it said that it is done. */
  readonly reported: boolean
  readonly performed: readonly PerformedOperation[]
}

async function prepared(scratch: string, kind: StorageKind, command: WritingCommand): Promise<World> {
  const root = join(scratch, 'before')
  const source = join(scratch, 'source')
  for (const folder of [root, source]) mkdirSync(folder)
  const world = new World(root, kind, source)
  await command.prepare(world)
  return world
}

async function run(world: World, command: WritingCommand, point: CrashPoint | undefined): Promise<Run> {
  const script = point === undefined ? [] : [{ at: point.at, action: { kind: 'crash', when: point.when } as const }]
  const storage = new FaultyStorage(await storageFor(world, command), script)
  try {
    await command.run(world, storage)
    return { reported: true, performed: storage.performed }
  } catch (error) {
    // With calls at the same time a run may need fewer operations than another.
    if (!storage.crashed) throw error
    return { reported: false, performed: storage.performed }
  } finally {
    await storage.close()
  }
}

async function expectSurvival(
  world: World,
  command: WritingCommand,
  point: CrashPoint,
  nothingLost: NothingLost,
): Promise<void> {
  const { reported, performed } = await run(world, command, point)
  if (point.when === 'torn') await putTornAside(world, command, performed[point.at - 1])
  await nothingLost.expectAll(world, command)
  if (reported) await nothingLost.expectFinished(world, command)
  await nothingLost.expectAgain(world, command, true)
}

/**
 * A torn object under its final name is what no storage may leave behind. If one does, the object is named by whoever needs it, and nothing is missing once it
 * has been put aside. Nobody needs a pack that no index names; locks go when the repository is unlocked.
 */
async function putTornAside(
  world: World,
  command: WritingCommand,
  torn: PerformedOperation | undefined,
): Promise<void> {
  const { type, name } = torn ?? {}
  if (type === undefined || name === undefined || type === 'pack' || type === 'lock') return
  if (type === 'config') {
    await expect(world.withRepository(async () => undefined)).rejects.toMatchObject({ code: 'ERR_VARVE_DAMAGED' })
  } else if (type !== 'key') {
    await world.withRepository(async (repository) => {
      const { problems } = await check(repository, { noLock: true })
      expect(problems.map(({ message }) => message).join()).toContain(name.slice(0, 8))
    })
  }
  const storage = type === 'key' ? await storageFor(world, command) : await world.kind.open(world.root)
  await storage.remove(type, name)
  await storage.close()
}
