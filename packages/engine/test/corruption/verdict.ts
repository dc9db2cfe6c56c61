import { isVarveError } from '@varve/platform/errors'
import { check } from '../../src/maintenance/check.ts'
import type { IndexedRepository, OpenRepository } from '../../src/repository/repository.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { openFixture } from '../fixtures/repository-fixture.ts'
import { contentsOf, type DamagedWorld, type NamedObject } from './damaged-world.ts'

/** What became of a damage. */
export interface Verdict {
  /**
   * - `refused`: the repository does not open, and says which object is why; or its lock cannot be taken
   * - `found`: check names the object
   */
  readonly outcome: 'refused' | 'found'
  /** Whether that took no reading of data. */
  readonly withoutData: boolean
}

/**
 * Looks whether a damage is noticed, and that nothing wrong is ever handed out.
 *
 * @param storage - with the damage
 * @param object - what was damaged
 * @throws Error where the damage stays unnoticed, or where wrong content is taken for good
 */
export async function judge(world: DamagedWorld, storage: Storage, object: NamedObject): Promise<Verdict> {
  const opened = await openOrRefuse(storage)
  if (typeof opened === 'string') return { outcome: refusal(opened, object), withoutData: true }
  await assertNothingWrong(world, opened)
  const quick = await messagesOf(opened, object, false)
  if (typeof quick === 'string') return { outcome: refusal(quick, object), withoutData: true }
  if (names(quick, object)) return { outcome: 'found', withoutData: true }
  const thorough = await messagesOf(opened, object, true)
  if (typeof thorough === 'string') throw new Error(`only a check of data is refused: ${thorough}`)
  if (!names(thorough, object)) throw new Error(`check does not name it; it says: ${thorough.join('; ')}`)
  return { outcome: 'found', withoutData: false }
}

async function openOrRefuse(storage: Storage): Promise<OpenRepository | string> {
  try {
    return await openFixture(storage)
  } catch (error) {
    if (isVarveError(error)) return error.message
    throw error
  }
}

/** What a check says, or why there was none. Only a damaged lock makes a difference to taking one, which takes time. */
async function messagesOf(
  repository: OpenRepository,
  object: NamedObject,
  readData: boolean,
): Promise<readonly string[] | string> {
  try {
    const { problems } = await check(repository, { readData, noLock: object.type !== 'lock' })
    return problems.map(({ message }) => message)
  } catch (error) {
    if (isVarveError(error)) return error.message
    throw error
  }
}

function names(messages: readonly string[], object: NamedObject): boolean {
  return messages.some((message) => message.includes(object.type === 'config' ? 'config' : object.name))
}

function refusal(message: string, object: NamedObject): 'refused' {
  if (names([message], object)) return 'refused'
  throw new Error(`it is refused without its name: ${message}`)
}

/** Reads every snapshot that there is: each file is right, or cannot be read. */
async function assertNothingWrong(world: DamagedWorld, repository: OpenRepository): Promise<void> {
  let indexed: IndexedRepository
  try {
    indexed = await repository.loadIndex()
  } catch (error) {
    if (isVarveError(error)) return
    throw error
  }
  for (const snapshot of world.snapshots) {
    try {
      const stored = await repository.loadSnapshot(snapshot.id)
      const contents = await contentsOf(indexed, stored)
      const truth = world.truth.get(snapshot.id)
      if (truth === undefined || contents.size !== truth.size)
        throw new Error(`snapshot ${snapshot.id} has other files`)
      for (const [path, content] of contents) {
        if (truth.get(path)?.equals(content) !== true) throw new Error(`${path} of snapshot ${snapshot.id} is wrong`)
      }
    } catch (error) {
      if (!isVarveError(error)) throw error
    }
  }
}
