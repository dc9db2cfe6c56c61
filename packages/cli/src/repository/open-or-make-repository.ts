import { createRepository, createStorage, isVarveError, MemoryStorage, type OpenRepository } from '@varve/engine'
import type { CommandContext } from '../command.ts'
import { chosenCompression } from './compression-choice.ts'
import { openRepositoryAt } from './open-chosen-repository.ts'
import type { RepositoryChoice } from './repository-choice.ts'

/**
 * Opens the repository that something is to be saved in; an embedded one is made where it does not exist yet, and told.
 *
 * @param password - that was given, if any
 * @param dryRun - whether the one that is made is to leave nothing behind
 * @throws as {@link openRepositoryAt}, and what `createRepository` throws
 */
export async function openOrMakeRepository(
  choice: RepositoryChoice,
  password: string | undefined,
  dryRun: boolean,
  context: CommandContext,
): Promise<OpenRepository> {
  try {
    return await openRepositoryAt(choice, password, context)
  } catch (error) {
    if (choice.kind !== 'embedded' || !isVarveError(error, 'ERR_VARVE_NO_REPOSITORY')) throw error
  }
  const { reporter } = context
  if (dryRun) return makePassing(context)
  const compression = chosenCompression(context)
  const storage = await createStorage(choice.location)
  const repository = await createRepository({ storage, password: password ?? '', compression })
  const { id } = repository.config
  reporter.notice(`Made a new repository: ${choice.title}.`, {
    message_type: 'initialized',
    id,
    repository: choice.location,
  })
  if (password === undefined) {
    reporter.notice('It has no password: who can read that file can read what is saved in it.')
    reporter.notice('To have one, start anew with --password-file FILE or VARVE_PASSWORD.')
  }
  return repository
}

/** A repository that is gone afterwards, for a dry run: the figures are the same. Nobody needs to guess its password. */
async function makePassing(context: CommandContext): Promise<OpenRepository> {
  const kdf = { N: 2, r: 1, p: 1 }
  return createRepository({ storage: new MemoryStorage(), password: '', compression: chosenCompression(context), kdf })
}
