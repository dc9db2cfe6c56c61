import assert from 'node:assert/strict'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { isVarveError } from '@varve/platform/errors'
import { check } from '../../src/maintenance/check.ts'
import { ConcurrencyLimit } from '../../src/storage/concurrency-limit.ts'
import type { Fault, FaultAction, PerformedOperation } from '../../src/storage/fault-script.ts'
import { FaultyStorage } from '../../src/storage/faults.ts'
import { RetryingStorage } from '../../src/storage/retry.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { crashScratch } from '../crash/crash-scratch.ts'
import { NothingLost } from '../crash/nothing-lost.ts'
import { forgetMemories, IN_MEMORY, World } from '../crash/world.ts'
import { WRITING_COMMANDS, type WritingCommand } from '../crash/writing-commands.ts'

/** The commands that ask most of their storage: what the others do with it, these do as well. */
const COMMANDS = WRITING_COMMANDS.filter(({ title }) => ['an incremental snapshot', 'a prune'].includes(title))

const TIMEOUT = 600_000

afterEach(forgetMemories)

/** A fault, and what it happens to. */
interface Lie {
  readonly title: string
  readonly fault: Fault
  readonly to: PerformedOperation
}

interface Told {
  /** What the command failed with. */
  readonly failure: unknown
  readonly world: World
  readonly nothingLost: NothingLost
}

/** A world and what a command asks of its storage. */
class LyingStorage {
  readonly command: WritingCommand
  readonly #scratch = crashScratch()
  readonly #world: World
  readonly #nothingLost = new NothingLost(this.#scratch)
  #worlds = 0

  private constructor(command: WritingCommand) {
    this.command = command
    for (const folder of ['world', 'source']) mkdirSync(join(this.#scratch, folder))
    this.#world = new World(join(this.#scratch, 'world'), IN_MEMORY, join(this.#scratch, 'source'))
  }

  static async prepared(command: WritingCommand): Promise<LyingStorage> {
    const lying = new LyingStorage(command)
    await command.prepare(lying.#world)
    return lying
  }

  /** Lies for each operation and kind of object that the command uses: when it is first used, and when it last writes. */
  async lies(actionsFor: Actions): Promise<readonly Lie[]> {
    const { performed } = await this.run([])
    const counts = new Map<string, PerformedOperation[]>()
    for (const operation of performed) {
      const key = `${operation.operation} ${operation.type ?? ''}`
      counts.set(key, [...(counts.get(key) ?? []), operation])
    }
    return [...counts.values()].flatMap((alike) =>
      [...new Set([1, isWriting(alike[0]) ? alike.length : 1])].flatMap((at) => {
        const to = alike[at - 1] ?? { operation: 'list' }
        return actionsFor(to).map((action): Lie => ({
          title: `${action.kind} at ${to.operation} ${to.type ?? ''} ${at}`,
          fault: { ...to, at, action } as Fault,
          to,
        }))
      }),
    )
  }

  /** Runs the command on a copy of the world. */
  async run(
    script: readonly Fault[],
    decorate: (storage: Storage) => Storage = (storage) => storage,
  ): Promise<Told & { readonly performed: readonly PerformedOperation[] }> {
    const world = await this.#world.copyTo(join(this.#scratch, `copy ${this.#worlds++}`))
    const faulty = new FaultyStorage(await IN_MEMORY.open(world.root), script, { wait: async () => undefined })
    const told = { world, nothingLost: this.#nothingLost, performed: faulty.performed }
    try {
      await this.command.run(world, decorate(faulty))
      return { ...told, failure: undefined }
    } catch (failure) {
      return { ...told, failure }
    } finally {
      await faulty.close()
    }
  }

  /** Expects that a command either failed clearly or has done what it said; and that nothing was lost, and it can be run again. */
  async expectHonest({ failure, world, nothingLost }: Told): Promise<void> {
    assert.ok(failure === undefined || isVarveError(failure), String(failure))
    await nothingLost.expectSound(world)
    if (failure === undefined) await nothingLost.expectFinished(world, this.command, true)
    await nothingLost.expectAgain(world, this.command, true)
    rmSync(world.root, { recursive: true })
  }
}

type Actions = (operation: PerformedOperation) => readonly FaultAction[]

const OMIT: Actions = ({ operation }) =>
  operation === 'list' ? [{ kind: 'omit', position: 0 }, { kind: 'omit', position: 1 }, { kind: 'omit-new' }] : []

const DAMAGE: Actions = ({ operation }) =>
  operation === 'load'
    ? [
        { kind: 'truncate', length: 20 },
        { kind: 'corrupt', bit: 77 },
      ]
    : []

const PRETEND_REMOVAL: Actions = ({ operation }) => (operation === 'remove' ? [{ kind: 'pretend' }] : [])

const PRETEND_SAVE: Actions = ({ operation }) =>
  operation === 'save' ? [{ kind: 'pretend' }, { kind: 'truncate', length: 20 }] : []

const FAIL: Actions = (operation) => [{ kind: isWriting(operation) ? 'fail-after' : 'fail' }]

function isWriting(operation: PerformedOperation | undefined): boolean {
  return operation?.operation === 'save' || operation?.operation === 'remove'
}

async function tellEach(
  command: WritingCommand,
  actionsFor: Actions,
  each: (lying: LyingStorage, lie: Lie) => Promise<void>,
): Promise<number> {
  const lying = await LyingStorage.prepared(command)
  const lies = await lying.lies(actionsFor)
  // Most of the time a command waits to see whether others lock the repository too.
  const limit = new ConcurrencyLimit(6)
  await Promise.all(
    lies.map((lie) =>
      limit.run(() =>
        each(lying, lie).catch((error: unknown) => {
          throw new Error(`after ${lie.title}`, { cause: error })
        }),
      ),
    ),
  )
  return lies.length
}

/** Retries that take no time. */
function retrying(storage: Storage): Storage {
  return new RetryingStorage(storage, { wait: async () => undefined })
}

describe('storage lies, and a command fails clearly or does what it says', () => {
  test.each(COMMANDS)(
    'about what it has, in $title',
    async (command) => {
      const told = await tellEach(command, OMIT, async (lying, { fault }) =>
        lying.expectHonest(await lying.run([fault])),
      )
      expect(told).toBeGreaterThan(4)
    },
    TIMEOUT,
  )

  test.each(COMMANDS)(
    'about what it loads, in $title',
    async (command) => {
      const told = await tellEach(command, DAMAGE, async (lying, { fault }) =>
        lying.expectHonest(await lying.run([fault])),
      )
      expect(told).toBeGreaterThan(4)
    },
    TIMEOUT,
  )

  test.each(COMMANDS)(
    'about what it removed, in $title',
    async (command) => {
      const told = await tellEach(command, PRETEND_REMOVAL, async (lying, { fault, to }) => {
        const run = await lying.run([fault])
        // A prune that says that a snapshot is gone must not say so when it is still there.
        if (to.type === 'snapshot' || to.type === 'index') assert.ok(isVarveError(run.failure, 'ERR_VARVE_STORAGE'))
        await lying.expectHonest(run)
      })
      expect(told).toBeGreaterThan(0)
    },
    TIMEOUT,
  )
})

describe('storage says that it saved what it did not', () => {
  test.each(COMMANDS)(
    'and is found out where it is not trusted, in $title',
    async (command) => {
      const told = await tellEach(command, PRETEND_SAVE, async (lying, { fault }) => {
        const run = await lying.run([fault], retrying)
        assert.equal(run.failure, undefined)
        await lying.expectHonest(run)
      })
      expect(told).toBeGreaterThan(1)
    },
    TIMEOUT,
  )

  test.each(COMMANDS)(
    'and a check tells, where it is trusted, in $title',
    async (command) => {
      const told = await tellEach(command, PRETEND_SAVE, async (lying, { fault, to }) => {
        const { world } = await lying.run([fault])
        // A lock that is not there protects nobody, but nothing is missing.
        if (to.type === 'lock') return
        await world.withRepository(async (repository) => {
          const { problems } = await check(repository, { noLock: true })
          const snapshots = await repository.snapshots(() => undefined)
          // A snapshot that was not stored at all is not there to be wrong.
          assert.ok(problems.length > 0 || (to.type === 'snapshot' && snapshots.length === world.known.size))
        })
      })
      expect(told).toBeGreaterThan(3)
    },
    TIMEOUT,
  )
})

describe('storage that fails in passing is no reason to fail', () => {
  test.each(COMMANDS)(
    'in $title',
    async (command) => {
      const told = await tellEach(command, FAIL, async (lying, { fault }) => {
        const run = await lying.run([fault], retrying)
        assert.equal(run.failure, undefined)
        await lying.expectHonest(run)
      })
      expect(told).toBeGreaterThan(4)
    },
    TIMEOUT,
  )

  test.each(COMMANDS)('throttled and slow all the time, in $title', async (command) => {
    const lying = await LyingStorage.prepared(command)
    // Every third operation is refused, and every other one takes a while.
    const throttled = Array.from({ length: 500 }, (_, n): Fault => ({ at: 3 * n + 1, action: { kind: 'fail' } }))
    const slow = Array.from({ length: 300 }, (_, n): Fault => ({
      at: 2 * n + 1,
      action: { kind: 'delay', milliseconds: 50 },
    }))
    const run = await lying.run([...throttled, ...slow], retrying)
    expect(run.failure).toBeUndefined()
    await lying.expectHonest(run)
  })

  test.each(COMMANDS)('but one that stays away is, in $title', async (command) => {
    const lying = await LyingStorage.prepared(command)
    const { performed } = await lying.run([])
    for (const from of [4, Math.floor(performed.length / 2), performed.length - 3]) {
      const gone = Array.from({ length: 400 }, (_, n): Fault => ({ at: from + n, action: { kind: 'fail' } }))
      const run = await lying.run(gone, retrying)
      expect(run.failure).toMatchObject({
        code: 'ERR_VARVE_STORAGE',
        message: expect.stringContaining('tried 8 times'),
      })
      await lying.expectHonest(run)
    }
  })
})
