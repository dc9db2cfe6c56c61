import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isVarveError } from '@varve/platform/errors'
import { check } from '../../src/maintenance/check.ts'
import { removeStaleLocks } from '../../src/repository/lock.ts'
import { isPartial } from '../../src/repository/partial-snapshot.ts'
import type { IndexedRepository, OpenRepository } from '../../src/repository/repository.ts'
import type { StoredSnapshot } from '../../src/repository/snapshot.ts'
import { restore } from '../../src/restore/restore.ts'
import { LISTED_FILE_TYPES, type Storage } from '../../src/storage/storage.ts'
import { folderState, type FolderState } from './folder-state.ts'
import { contentId, type World } from './world.ts'
import type { WritingCommand } from './writing-commands.ts'

/** Looks whether a crash has cost anything. What was proven for some stored objects is not proven again for the same ones. */
export class NothingLost {
  readonly #scratch: string
  readonly #proven = new Set<string>()
  readonly #completed = new Set<string>()
  #source: FolderState | undefined

  /** @param scratch - folder for what is restored */
  constructor(scratch: string) {
    this.#scratch = scratch
  }

  /** Sets of objects that were checked and restored. */
  get proven(): number {
    return this.#proven.size
  }

  /**
   * Expects that a repository is sound to the last byte, that every snapshot in it can be restored as it was, and that none is missing that was
   * reported as saved.
   *
   * @param command - what was interrupted, before it was reported as done
   */
  async expectAll(world: World, command: WritingCommand): Promise<void> {
    if (command.makesRepository === true && !(await world.hasRepository())) return
    await world.withRepository(async (repository) => {
      const objects = await fingerprint(repository.storage)
      if (this.#proven.has(objects)) return
      await this.#expectSound(world, repository, (indexed, snapshot) => this.#expectRestored(world, indexed, snapshot))
      this.#proven.add(objects)
    })
  }

  /** As {@link expectAll}, without restoring what was restored before: where all data is sound, the same trees are the same content. */
  async expectSound(world: World): Promise<void> {
    await world.withRepository((repository) =>
      this.#expectSound(world, repository, (indexed, snapshot) => this.#expectSame(world, indexed, snapshot)),
    )
  }

  /**
   * Expects that a command that was interrupted can be run again, does what it should, and leaves everything sound.
   *
   * @param crashedHere - in this process, so that its lock is that of a living one and has to be removed
   */
  async expectAgain(world: World, command: WritingCommand, crashedHere: boolean): Promise<void> {
    if (crashedHere && (await world.hasRepository())) {
      const state = await world.withRepository(async (repository) => {
        await removeStaleLocks(repository, { all: true })
        return `${await fingerprint(repository.storage)} ${JSON.stringify(targetState(world))}`
      })
      if (this.#completed.has(state)) return
      this.#completed.add(state)
    }
    try {
      await command.run(world, await storageFor(world, command))
    } catch (error) {
      if (command.makesRepository !== true || !isVarveError(error, 'ERR_VARVE_REPOSITORY_EXISTS')) throw error
    }
    await this.expectFinished(world, command)
  }

  /**
   * Expects that all is there that a command which was reported as done has made, and nothing that it has removed.
   *
   * @param afterPowerFailure - which may have undone what need not be kept
   */
  async expectFinished(world: World, command: WritingCommand, afterPowerFailure = false): Promise<void> {
    await world.withRepository(async (repository) => {
      await this.#expectSound(world, repository, (indexed, snapshot) => this.#expectSame(world, indexed, snapshot))
      await command.expectKept(world, repository)
      if (!afterPowerFailure) await command.expectFinished?.(world, repository)
    })
  }

  async #expectSound(
    world: World,
    repository: OpenRepository,
    expectWhole: (repository: IndexedRepository, snapshot: StoredSnapshot) => Promise<void>,
  ): Promise<void> {
    const { problems } = await check(repository, { readData: true, noLock: true })
    assert.deepStrictEqual(problems, [])
    const indexed = await repository.loadIndex()
    const missing = new Set([...world.known.keys()].filter((id) => !world.leaving.has(id)))
    for (const snapshot of await repository.snapshots()) {
      missing.delete(snapshot.id)
      await expectWhole(indexed, snapshot)
    }
    assert.deepStrictEqual([...missing], [])
  }

  async #expectRestored(world: World, repository: IndexedRepository, snapshot: StoredSnapshot): Promise<void> {
    const target = mkdtempSync(join(this.#scratch, 'restored-'))
    const { problems } = await restore(repository, {
      snapshot: snapshot.id,
      target,
      layout: 'content',
      workers: 1,
      noLock: true,
    })
    assert.equal(problems, 0)
    const whole = world.known.get(snapshot.id)?.state ?? this.#sourceOf(world)
    const restored = folderState(target)
    assert.deepStrictEqual(restored, isPartial(snapshot) ? inCommon(whole, restored) : whole)
    rmSync(target, { recursive: true })
  }

  /** The same as {@link #expectRestored} says, where the same content was restored before. */
  async #expectSame(world: World, repository: IndexedRepository, snapshot: StoredSnapshot): Promise<void> {
    const known = world.known.get(snapshot.id)
    const content = await contentId(repository, snapshot, world.source)
    if (known !== undefined) return assert.equal(content, known.content)
    const proof = `content ${content}`
    if (!this.#proven.has(proof)) await this.#expectRestored(world, repository, snapshot)
    this.#proven.add(proof)
  }

  /** What a snapshot that was not known before must hold. Sources do not change while commands are interrupted. */
  #sourceOf(world: World): FolderState {
    return (this.#source ??= folderState(world.source))
  }
}

/** A world's storage, for a command to be run on. @throws ERR_VARVE_REPOSITORY_EXISTS where the command is to make one and it is made already */
export function storageFor({ kind, root }: World, command: WritingCommand): Promise<Storage> {
  return command.makesRepository === true ? kind.create(root) : kind.open(root)
}

/** What a whole folder has of the entries of a part of it. */
function inCommon(whole: FolderState, part: FolderState): FolderState {
  return Object.fromEntries(Object.entries(whole).filter(([path]) => path in part))
}

function targetState({ target }: World): FolderState {
  return existsSync(target) ? folderState(target) : {}
}

/** Of all objects but locks, which come and go. */
async function fingerprint(storage: Storage): Promise<string> {
  const hash = createHash('sha256')
  for (const type of ['config', ...LISTED_FILE_TYPES] as const) {
    if (type === 'lock') continue
    for (const { name } of (await storage.list(type)).toSorted((a, b) => (a.name < b.name ? -1 : 1)))
      hash.update(`${type} ${name}\n`).update(await storage.load(type, name))
  }
  return hash.digest('hex')
}
