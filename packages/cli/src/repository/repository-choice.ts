import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { describeError, VarveError } from '@varve/engine'
import { badArgument } from '../bad-argument.ts'
import { type Environment, VARIABLE_PREFIXES } from '../environment.ts'
import { decodeTextFile } from './text-file.ts'

/** Name of the file that is the repository where none is named. */
export const DEFAULT_REPOSITORY = 'backups.db'

/** Which repository a command works on. */
export interface RepositoryChoice {
  /** As the engine's `openStorage` takes it. */
  readonly location: string
  /**
   * `named`: by `--repo` or the environment. `embedded`: the one that needs no set-up, a single file made by the first snapshot, without
   * password unless one is given.
   */
  readonly kind: 'named' | 'embedded'
  /** For messages. */
  readonly title: string
}

/** Options that name a repository. */
export interface RepositoryOptions {
  readonly repo?: string
  readonly repositoryFile?: string
  readonly dbPath?: string
}

/**
 * The repository that options and environment name: `--db-path`, `--repo` and `--repository-file` win over `VARVE_…` variables, and these over
 * `RESTIC_…`; where nothing is named, it is `backups.db` in the working folder.
 *
 * @throws ERR_VARVE_BAD_ARGUMENT where several are named at once, or a file with the location cannot be read
 */
export async function chooseRepository(
  options: RepositoryOptions,
  environment: Environment,
  workingFolder: string,
): Promise<RepositoryChoice> {
  const given = [options.repo, options.repositoryFile, options.dbPath].filter((value) => value !== undefined)
  if (given.length > 1) {
    throw badArgument('more than one repository is named', 'give one of --repo, --repository-file and --db-path')
  }
  if (options.dbPath === '') throw badArgument('the path of the database is empty')
  if (options.dbPath !== undefined) return embedded(resolve(workingFolder, options.dbPath), options.dbPath)
  const location = await namedLocation(options, environment, '')
  if (location !== undefined) return { location, kind: 'named', title: location }
  return embedded(resolve(workingFolder, DEFAULT_REPOSITORY), `${DEFAULT_REPOSITORY} in this folder`)
}

/**
 * The location that options or environment name; undefined where they name none.
 *
 * @param infix - `''`, or `'FROM_'` for the variables of a second repository
 * @throws ERR_VARVE_BAD_ARGUMENT where two are named at once, or a file with the location cannot be read
 */
export async function namedLocation(
  options: RepositoryOptions,
  environment: Environment,
  infix: '' | 'FROM_',
): Promise<string | undefined> {
  const levels = [
    { location: options.repo, file: options.repositoryFile },
    ...VARIABLE_PREFIXES.map((prefix) => ({
      location: environment[`${prefix}${infix}REPOSITORY`] || undefined,
      file: environment[`${prefix}${infix}REPOSITORY_FILE`] || undefined,
    })),
  ]
  const level = levels.find(({ location, file }) => location !== undefined || file !== undefined)
  if (level?.location !== undefined && level.file !== undefined) {
    throw badArgument('a repository and a file with its location are named at once', 'leave out one of them')
  }
  const location = level?.file === undefined ? level?.location : await readLocation(level.file)
  if (location === '') throw badArgument('the location of the repository is empty')
  return location
}

function embedded(path: string, title: string): RepositoryChoice {
  return { location: `sqlite:${path}`, kind: 'embedded', title }
}

async function readLocation(path: string): Promise<string> {
  try {
    return decodeTextFile(await readFile(path)).trim()
  } catch (error) {
    const message = `cannot read the repository file '${path}': ${describeError(error)}`
    throw new VarveError('ERR_VARVE_BAD_ARGUMENT', message, { cause: error })
  }
}
