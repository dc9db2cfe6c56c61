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
const RANDOM_VARIANTS = LONG ? 12 : 2

/** States to be looked at a time: most of the time a command waits to see whether others lock the repository too. */
const AT_A_TIME = 4

const figures = { steps: 0, states: 0, distinct: 0, survived: 0 }
afterAll(() => {
  const { steps, states, distinct, survived } = figures
  if (noStrace) return
  process.stderr.write(
    `power failures at ${steps} file system steps: ${states} states, ${distinct} of them different; ${survived} were looked at, and nothing was lost (seed ${SEED})\n`,
  )
})

describe.skipIf(noStrace).each([IN_DIRECTORY, IN_SQLITE])('power failures at every step with $name storage', (kind) => {
  test.each(WRITING_COMMANDS)(
    'in $title',
    async (command) => {
      const scratch = crashScratch()
      const world = await prepared(scratch, kind, command)
      const traced = traceOf(await world.copyTo(join(scratch, 'traced')), command, join(scratch, 'trace'))
      const count = countStates(world, traced)
      const looked = drawn(count, STATES, randomFrom(SEED))
      const nothingLost = new NothingLost(scratch)
      let number = 0
      await inTurns(statesOf(world, traced), async (state) => {
        if (!looked(number++)) return
        const copy = world.at(join(scratch, `state ${number}`))
        materialise(state.left, copy.root)
        await expectSurvival(copy, command, state, nothingLost).catch((error: unknown) => {
          throw new Error(`after a power failure at step ${state.step} (${state.call}) with ${state.variant}`, {
            cause: error,
          })
        })
        figures.survived++
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
  /** States up to this one, those that do not differ among them. */
  readonly states: number
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

/** What a command did, and where. */
interface Trace {
  readonly place: string
  readonly text: string
}

function traceOf(world: World, command: WritingCommand, file: string): Trace {
  const environment = { ...process.env, VARVE_PASSWORD: FIXTURE_PASSWORD }
  return { place: world.root, text: trace([process.execPath, ...programOf(world, command)], environment, file) }
}

/** All states that differ, the same in the same order each time: they are too large to be kept. */
function* statesOf(world: World, { place, text }: Trace): Generator<CrashState, void, undefined> {
  const random = randomFrom(SEED)
  const model = new DiskModel(place, world.root)
  const traced = new TracedCommand(model, process.cwd())
  const seen = new Set<string>()
  const hashes = new WeakMap<Buffer, string>()
  let step = 0
  let states = 0
  for (const call of traced.replay(text)) {
    step++
    const reported = /"message_type":"(?:summary|initialized)"/.test(traced.output)
    for (const variant of variantsOf(pendingChanges(model.root), random, RANDOM_VARIANTS)) {
      states++
      const left = leftAfter(model.root, variant)
      const key = `${reported} ${hashOf(left, hashes)}`
      if (seen.has(key)) continue
      seen.add(key)
      yield { step, states, call, variant: variant.title, reported, left }
    }
  }
}

function countStates(world: World, traced: Trace): number {
  let count = 0
  let last: CrashState | undefined
  for (const state of statesOf(world, traced)) {
    count++
    last = state
  }
  figures.distinct += count
  figures.steps += last?.step ?? 0
  figures.states += last?.states ?? 0
  return count
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

/** Chooses so many numbers below another, the first and the last among them. */
function drawn(below: number, count: number, random: Random): (number: number) => boolean {
  if (count >= below) return () => true
  const numbers = new Set([0, below - 1])
  while (numbers.size < count) numbers.add(Math.floor(random() * below))
  return (number) => numbers.has(number)
}

async function inTurns<T>(all: Iterable<T>, work: (one: T) => Promise<void>): Promise<void> {
  const queue = Iterator.from(all)
  await Promise.all(
    Array.from({ length: AT_A_TIME }, async () => {
      for (const one of queue) await work(one)
    }),
  )
}
