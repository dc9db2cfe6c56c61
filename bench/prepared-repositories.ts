import { openRepository, snapshot, type PackContents } from '@varve/engine'
import { randomBytes } from 'node:crypto'
import { parseId, type Id } from '../packages/engine/src/repository/id.ts'
import { encodeIndex } from '../packages/engine/src/repository/index-file.ts'
import { PASSWORD, type Contestant } from './contestants/contestant.ts'
import { outputOf } from './measured-run.ts'
import type { Race } from './race.ts'

/** As many as a pack holds of an installed npm tree's files. */
const BLOBS_OF_PACK = 500
const BLOBS_OF_INDEX = 50_000
/** One pack of so many holds trees. */
const TREE_PACKS = 10
const BLOB_LENGTH = 30_000

/**
 * Gives each contestant a repository with that many snapshots, 1 % changed between them. The engine makes those in restic's format,
 * because hundreds of calls take long; others make their own.
 */
export async function fillWithSnapshots(race: Race, field: readonly Contestant[], count: number): Promise<void> {
  const made = await Promise.all(field.map(async (each) => ({ each, repository: await emptyRepository(race, each) })))
  for (let number = 0; number < count; number++) {
    race.change()
    for (const { each, repository } of made) {
      if (repository !== undefined) await snapshot(repository, { paths: [race.source] })
      else if (each.commands.snapshot !== undefined) outputOf(each.commands.snapshot(race.source))
    }
  }
  for (const { repository } of made) await repository?.close()
}

/**
 * Makes the index of each contestant's repository name that many more blobs; the packs that would hold them are not there.
 */
export async function addBlobs(field: readonly Contestant[], count: number): Promise<void> {
  const indexes = indexesOf(count)
  for (const { location } of field) {
    if (location === undefined) continue
    const repository = await openRepository({ storage: location, password: PASSWORD })
    for (const index of indexes) await repository.saveUnpacked('index', index)
    await repository.close()
  }
}

/** Undefined where the contestant's format is not ours. */
async function emptyRepository(race: Race, contestant: Contestant) {
  await race.restart(contestant, 'cheap')
  const { location } = contestant
  return location === undefined ? undefined : openRepository({ storage: location, password: PASSWORD })
}

function indexesOf(count: number): Buffer[] {
  const packs = Array.from({ length: Math.ceil(count / BLOBS_OF_PACK) }, (_, number) =>
    packOf(number, Math.min(BLOBS_OF_PACK, count - number * BLOBS_OF_PACK)),
  )
  const perIndex = BLOBS_OF_INDEX / BLOBS_OF_PACK
  return Array.from({ length: Math.ceil(packs.length / perIndex) }, (_, number) =>
    encodeIndex(packs.slice(number * perIndex, (number + 1) * perIndex)),
  )
}

function packOf(number: number, count: number): PackContents {
  const type = number % TREE_PACKS === 0 ? 'tree' : 'data'
  const blobs = Array.from(
    { length: count },
    (_, place) =>
      ({
        type,
        id: anyId(),
        offset: place * BLOB_LENGTH,
        length: BLOB_LENGTH,
        uncompressedLength: BLOB_LENGTH * 2,
      }) as const,
  )
  return { id: anyId(), blobs }
}

function anyId(): Id {
  return parseId(randomBytes(32).toString('hex'))
}
