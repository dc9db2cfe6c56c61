import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { FIXTURE_PASSWORD } from '../fixtures/repository-fixture.ts'
import { LONG, SEED, STATES, TIMEOUT } from './crash-switches.ts'
import { crashScratch } from './crash-scratch.ts'
import { DiskModel } from './disk-model.ts'
import {
  hashOf,
  leftAfter,
  materialise,
  pendingChanges,
  randomFrom,
  variantsOf,
  type LeftNode,
  type Random,
} from './disk-states.ts'
import { NothingLost } from './nothing-lost.ts'
import { noStrace, trace, TracedCommand } from './traced-command.ts'
import { IN_DIRECTORY, IN_SQLITE, World, type StorageKind } from './world.ts'
import { WRITING_COMMANDS, type WritingCommand } from './writing-commands.ts'

const VARVE = fileURLToPath(new URL('../../../cli/bin/varve.js', import.meta.url))
const INIT = fileURLToPath(new URL('init-process.ts', import.meta.url))

/** Subsets of changes at each step that are drawn by lot. */
const RANDOM_VARIANTS = LONG ? 12 : 4

/** States to be looked at a time: most of the time a command waits to see whether others lock the repository too. */
const AT_A_TIME = 4

const figures = { steps: 0, states: 0, distinct: 0, looked: 0 }
afterAll(() => {
  const { steps, states, distinct, looked } = figures
  if (noStrace) return
  process.stderr.write(
    `power failures at ${steps} file system steps: ${states} states, ${distinct} of them different, ${looked} looked at: nothing was lost (seed ${SEED})\n`,
  )
})

describe.skipIf(noStrace).each([IN_DIRECTORY, IN_SQLITE])('power failures at every step with $name storage', (kind) => {
  test.each(WRITING_COMMANDS)(
    'in $title',
    async (command) => {
      const scratch = crashScratch()
      const world = await prepared(scratch, kind, command)
      const random = randomFrom(SEED)
      const states = statesOf(world, command, random, join(scratch, 'trace'))
      figures.distinct += states.length
      const nothingLost = new NothingLost(scratch)
      const left = drawn(states, STATES, random)
      figures.looked += left.length
      await inTurns(left, async (state, index) => {
        const copy = world.at(join(scratch, `state ${index}`))
        materialise(state.left, copy.root)
        await expectSurvival(copy, command, state, nothingLost).catch((error: unknown) => {
          throw new Error(`after a power failure at step ${state.step} (${state.call}) with ${state.variant}`, {
            cause: error,
          })
        })
        rmSync(copy.root, { recursive: true })
      })
      expect(nothingLost.proven).toBeGreaterThan(0)
    },
    TIMEOUT,
  )
})

/** What a power failure may leave. */
interface CrashState {
  readonly step: number
  readonly call: string
  readonly variant: string
  /** Whether the command had said that it is done. */
  readonly reported: boolean
  readonly left: LeftNode
}

async function prepared(scratch: string, kind: StorageKind, command: WritingCommand): Promise<World> {
  const root = join(scratch, 'world')
  const source = join(scratch, 'source')
  for (const folder of [root, source]) mkdirSync(folder)
  const world = new World(root, kind, source)
  await command.prepare(world)
  return world
}

/** Runs the command and makes of its trace all states that differ. */
function statesOf(world: World, command: WritingCommand, random: Random, traceFile: string): readonly CrashState[] {
  const model = new DiskModel(world.root)
  const program = programOf(world, command)
  const text = trace([process.execPath, ...program], { ...process.env, VARVE_PASSWORD: FIXTURE_PASSWORD }, traceFile)
  const traced = new TracedCommand(model, process.cwd())
  const seen = new Set<string>()
  const hashes = new WeakMap<Buffer, string>()
  const states: CrashState[] = []
  let step = 0
  for (const call of traced.replay(text)) {
    step++
    const reported = /"message_type":"(?:summary|initialized)"/.test(traced.output)
    for (const variant of variantsOf(pendingChanges(model.root), random, RANDOM_VARIANTS)) {
      const left = leftAfter(model.root, variant)
      figures.states++
      const key = `${reported} ${hashOf(left, hashes)}`
      if (seen.has(key)) continue
      seen.add(key)
      states.push({ step, call, variant: variant.title, reported, left })
    }
  }
  figures.steps += step
  return states
}

function programOf(world: World, command: WritingCommand): readonly string[] {
  if (command.parameters === undefined) return ['--conditions=varve-source', INIT, world.root, world.kind.name]
  return [VARVE, '--repo', join(world.root, world.kind.place), '--json', ...command.parameters(world)]
}

async function expectSurvival(
  world: World,
  command: WritingCommand,
  { reported }: CrashState,
  nothingLost: NothingLost,
): Promise<void> {
  await nothingLost.expectAll(world, command)
  if (reported) await nothingLost.expectFinished(world, command, true)
  await nothingLost.expectAgain(world, command, false)
}

/** So many of some, the first and the last among them, in their order. */
function drawn<T>(all: readonly T[], count: number, random: Random): readonly T[] {
  if (count >= all.length) return all
  const places = new Set([0, all.length - 1])
  while (places.size < count) places.add(Math.floor(random() * all.length))
  return all.filter((_, index) => places.has(index))
}

async function inTurns<T>(all: readonly T[], work: (one: T, index: number) => Promise<void>): Promise<void> {
  const queue = all.entries()
  await Promise.all(
    Array.from({ length: AT_A_TIME }, async () => {
      for (const [index, one] of queue) await work(one, index)
    }),
  )
}
