import assert from 'node:assert/strict'
import { prune } from '../../src/maintenance/prune.ts'
import { lockOf, encodeLock } from '../../src/repository/lock-file.ts'
import { removeStaleLocks } from '../../src/repository/lock.ts'
import type { Id } from '../../src/repository/id.ts'
import { isPartial } from '../../src/repository/partial-snapshot.ts'
import type { OpenRepository } from '../../src/repository/repository.ts'
import { restore } from '../../src/restore/restore.ts'
import { snapshot } from '../../src/snapshot/snapshot.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { currentPlatform } from '@varve/platform'
import { folderState } from './folder-state.ts'
import { writeSource } from './source-states.ts'
import type { World } from './world.ts'

/** A command that writes, as the crash tests interrupt it. A new one joins all of them by an entry in {@link WRITING_COMMANDS}. */
export interface WritingCommand {
  readonly title: string
  /** Makes what is there before the command runs, in an empty world. */
  readonly prepare: (world: World) => Promise<void>
  /** It makes the repository; all others need one. */
  readonly makesRepository?: true
  /** Runs it through the engine. `storage` is what the world's storage is used through; it is closed in the end. */
  readonly run: (world: World, storage: Storage) => Promise<void>
  /** Parameters that make the `varve` command do the same; left out where it takes no cheap key. */
  readonly parameters?: (world: World) => readonly string[]
  /** What a run that has said that it is done has brought about for good. Everything that was known before is checked anyway. */
  readonly expectKept: (world: World, repository: OpenRepository) => Promise<void>
  /**
   * What else there is after a run, but not for certain after a power failure: what was restored is not flushed, since it can be restored again; and packs and
   * locks that were removed may come back, which harms nobody.
   */
  readonly expectFinished?: (world: World, repository: OpenRepository) => Promise<void>
}

const takeSnapshot: Pick<WritingCommand, 'run' | 'parameters' | 'expectKept'> = {
  run: async (world, storage) => {
    await world.withRepository(
      (repository) => snapshot(repository, { paths: [world.source], workers: 1, host: 'host' }),
      storage,
    )
  },
  parameters: (world) => ['snapshot', world.source, '--host', 'host'],
  expectKept: async (world, repository) => {
    const made = (await repository.snapshots()).filter(({ id }) => !world.known.has(id))
    assert.notEqual(made.length, 0)
  },
}

/** All commands of the engine that write. */
export const WRITING_COMMANDS: readonly WritingCommand[] = [
  {
    title: 'init',
    makesRepository: true,
    prepare: async () => undefined,
    run: (world, storage) => world.makeRepository(storage),
    expectKept: async (_, repository) => {
      assert.deepStrictEqual(await repository.snapshots(), [])
    },
  },
  {
    title: 'a first snapshot',
    prepare: async (world) => {
      await world.makeRepository()
      writeSource(world.source, 'first')
    },
    ...takeSnapshot,
  },
  {
    title: 'an incremental snapshot',
    prepare: async (world) => {
      await world.makeRepository()
      await world.takeKnownSnapshot('first')
      writeSource(world.source, 'second')
    },
    ...takeSnapshot,
  },
  {
    title: 'a snapshot that keeps what it has done',
    prepare: async (world) => {
      await world.makeRepository()
      await world.takeKnownSnapshot('first')
      writeSource(world.source, 'second')
    },
    ...takeSnapshot,
    run: async (world, storage) => {
      const checkpoints = { bytes: 1, milliseconds: 1, share: 1 }
      await world.withRepository(
        (repository) => snapshot(repository, { paths: [world.source], workers: 1, host: 'host', checkpoints }),
        storage,
      )
    },
    parameters: (world) => ['snapshot', world.source, '--host', 'host', '--checkpoints', '1,1ms'],
    expectKept: async (world, repository) => {
      const made = (await repository.snapshots()).filter((each) => !world.known.has(each.id) && !isPartial(each))
      assert.notEqual(made.length, 0)
    },
  },
  restoreOver('a restore to an empty folder', async () => undefined),
  restoreOver('a restore over other content', async (world) => {
    await world.withRepository((repository) =>
      restore(repository, {
        snapshot: knownAt(world, 1),
        target: world.target,
        layout: 'content',
        noLock: true,
      }),
    )
  }),
  {
    title: 'a prune',
    prepare: async (world) => {
      await world.makeRepository()
      for (const state of ['first', 'second', 'third'] as const) {
        const id = await world.takeKnownSnapshot(state)
        if (state !== 'third') world.leaving.add(id)
      }
    },
    run: async (world, storage) => {
      // Those that are still there, by what the storage itself says.
      const honest = await world.kind.open(world.root)
      const there = new Set((await honest.list('snapshot')).map(({ name }) => name))
      await honest.close()
      const remove = [...world.leaving].filter((id) => there.has(id))
      await world.withRepository(async (repository) => {
        await prune(repository, { remove, maxUnused: { percent: 0 } })
      }, storage)
    },
    parameters: (world) => ['prune', '--max-unused', '0', ...[...world.leaving].flatMap((id) => ['--snapshot', id])],
    expectKept: async (world, repository) => {
      for (const { id } of await repository.snapshots())
        assert.ok(!world.leaving.has(id), `snapshot ${id} is still there`)
    },
    expectFinished: async (_, repository) => {
      const packed = [...(await repository.loadIndex()).index.packs()].map(({ id }) => id)
      assert.deepStrictEqual(
        (await repository.storage.list('pack')).map(({ name }) => name).toSorted(),
        packed.toSorted(),
      )
    },
  },
  {
    title: 'unlock',
    prepare: async (world) => {
      await world.makeRepository()
      await world.takeKnownSnapshot('first')
      await world.withRepository(async (repository) => {
        const lock = lockOf(currentPlatform(), false, Date.now() - 3_600_000)
        for (const pid of [1, 2, 3])
          await repository.saveUnpacked('lock', encodeLock({ ...lock, pid, hostname: 'gone' }))
      })
    },
    run: async (world, storage) => {
      await world.withRepository((repository) => removeStaleLocks(repository), storage)
    },
    parameters: () => ['unlock'],
    expectKept: async () => undefined,
    expectFinished: async (_, repository) => {
      assert.deepStrictEqual(await repository.storage.list('lock'), [])
    },
  },
]

function knownAt(world: World, position: number): Id {
  const id = [...world.known.keys()][position]
  if (id === undefined) throw new Error(`there are no ${position + 1} snapshots`)
  return id
}

/** Restores the first of two snapshots. */
function restoreOver(title: string, prepareTarget: (world: World) => Promise<void>): WritingCommand {
  return {
    title,
    prepare: async (world) => {
      await world.makeRepository()
      await world.takeKnownSnapshot('first')
      await world.takeKnownSnapshot('second')
      await prepareTarget(world)
    },
    run: async (world, storage) => {
      await world.withRepository(async (repository) => {
        const { problems } = await restore(repository, {
          snapshot: knownAt(world, 0),
          target: world.target,
          layout: 'content',
          delete: true,
          workers: 1,
        })
        assert.equal(problems, 0)
      }, storage)
    },
    parameters: (world) => ['restore', knownAt(world, 0), '--output-directory', world.target, '--delete'],
    expectKept: async () => undefined,
    expectFinished: async (world) => {
      const [known] = world.known.values()
      assert.deepStrictEqual(folderState(world.target), known?.state)
    },
  }
}
