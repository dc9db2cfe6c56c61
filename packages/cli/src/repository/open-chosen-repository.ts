import { isVarveError, openRepository, openStorage, VarveError, type OpenRepository, type Storage } from '@varve/engine'
import { badArgument } from '../bad-argument.ts'
import type { CommandContext } from '../command.ts'
import { askPassword } from './ask-password.ts'
import { chosenCompression } from './compression-choice.ts'
import { givenPassword } from './password-source.ts'
import { isNothingAt } from './nothing-at.ts'
import { chooseRepository, type RepositoryChoice } from './repository-choice.ts'

/**
 * Opens the repository that options and environment name, works with it, and closes it whatever happens.
 * @throws as {@link openRepositoryAt}, and what `work` throws
 */
export async function withChosenRepository<T>(
  context: CommandContext,
  work: (repository: OpenRepository) => Promise<T>,
): Promise<T> {
  const { globals, environment, workingFolder, signal } = context
  const choice = await chooseRepository(globals, environment, workingFolder)
  const password = await givenPassword(globals, environment, '', signal)
  return withRepository(await openRepositoryAt(choice, password, context), work)
}

/** Works with a repository, and closes it whatever happens. */
export async function withRepository<T>(
  repository: OpenRepository,
  work: (repository: OpenRepository) => Promise<T>,
): Promise<T> {
  try {
    return await work(repository)
  } finally {
    await repository.close()
  }
}

/**
 * Opens a repository.
 *
 * @param password - that was given; where it is undefined, the empty one is tried on an embedded repository, and then a person is asked
 * @throws ERR_VARVE_NO_REPOSITORY, ERR_VARVE_WRONG_PASSWORD, ERR_VARVE_BAD_ARGUMENT where no password is given and nobody can be asked,
 *   and what the engine throws
 */
export async function openRepositoryAt(
  choice: RepositoryChoice,
  password: string | undefined,
  context: CommandContext,
): Promise<OpenRepository> {
  const compression = chosenCompression(context)
  const storage = await openStorageAt(choice)
  const open = (tried: string): Promise<OpenRepository> =>
    openRepository({ storage, password: tried, compression, signal: context.signal })
  try {
    if (password !== undefined) return await open(password)
    const opened = choice.kind === 'embedded' ? await unlessWrongPassword(open('')) : undefined
    const answered = opened ?? (await askPassword(choice.title, context, open))
    if (answered !== undefined) return answered
    throw noPassword(choice)
  } catch (error) {
    await storage.close()
    throw error
  }
}

async function openStorageAt(choice: RepositoryChoice): Promise<Storage> {
  try {
    const storage = await openStorage(choice.location)
    // Known before anybody is asked for a password.
    if ((await storage.stat('config', '')) !== undefined) return storage
    await storage.close()
  } catch (error) {
    throw isVarveError(error, 'ERR_VARVE_NO_REPOSITORY') ? await noRepository(choice, error) : error
  }
  throw await noRepository(choice, undefined)
}

async function noRepository(
  { kind, title, location }: RepositoryChoice,
  cause: VarveError | undefined,
): Promise<VarveError> {
  if (cause !== undefined && !(await isNothingAt(location))) {
    const hint = cause.hint === undefined ? {} : { hint: cause.hint }
    const message = `there is no repository at ${title}: ${cause.message}`
    return new VarveError('ERR_VARVE_NO_REPOSITORY', message, { ...hint, cause })
  }
  const hint =
    kind === 'embedded'
      ? 'the first snapshot makes it: varve snapshot FOLDER; another repository is named with --repo'
      : `make it with: varve init --repo ${location}`
  return new VarveError('ERR_VARVE_NO_REPOSITORY', `there is no repository at ${title}`, { hint, cause })
}

function noPassword({ kind, title }: RepositoryChoice): VarveError {
  const hint = 'give it with --password-file, --password-command or VARVE_PASSWORD'
  if (kind === 'embedded') {
    return new VarveError('ERR_VARVE_WRONG_PASSWORD', `${title} has a password, and none was given`, { hint })
  }
  return badArgument(`no password was given for ${title}`, `${hint}; where it has none, pass --insecure-no-password`)
}

async function unlessWrongPassword(opening: Promise<OpenRepository>): Promise<OpenRepository | undefined> {
  try {
    return await opening
  } catch (error) {
    if (isVarveError(error, 'ERR_VARVE_WRONG_PASSWORD')) return undefined
    throw error
  }
}
