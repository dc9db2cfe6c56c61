import { createRepository, createStorage } from '@varve/engine'
import type { Command } from 'commander'
import { badArgument } from '../bad-argument.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { askNewPassword } from '../repository/ask-password.ts'
import { chosenCompression } from '../repository/compression-choice.ts'
import { openRepositoryAt } from '../repository/open-chosen-repository.ts'
import { givenPassword } from '../repository/password-source.ts'
import { chooseRepository, namedLocation, type RepositoryChoice } from '../repository/repository-choice.ts'
import { withoutUndefined } from '../without-undefined.ts'

interface InitOptions {
  readonly repositoryVersion: string
  readonly from?: string
  readonly fromRepo?: string
  readonly fromRepositoryFile?: string
  readonly fromPasswordFile?: string
  readonly fromPasswordCommand?: string
  readonly fromInsecureNoPassword?: boolean
}

interface InitResult {
  readonly id: string
  readonly version: 1 | 2
  readonly title: string
  readonly location: string
  readonly hasPassword: boolean
}

const EXAMPLES = `
Examples:
  varve init --repo /mnt/disk/backups
  varve init --repo sqlite:/mnt/disk/work.db --password-file ~/.varve-password
  varve init --repo /mnt/disk/second --from /mnt/disk/backups
                                   cuts files in the same places`

/** `varve init` */
export const initCommand = defineCommand<InitOptions, InitResult>({
  during: 'init',
  declare: declareInit,
  run: makeRepository,
  text: ({ id, version, title, hasPassword }, verbosity) =>
    verbosity === 0
      ? []
      : [
          `Made repository ${id.slice(0, 10)}, format version ${version}: ${title}.`,
          hasPassword
            ? 'Keep its password: without it, nothing can be restored.'
            : 'It has no password: who can read its files can read what is saved in it.',
        ],
  json: ({ id, location }) => [{ message_type: 'initialized', id, repository: location }],
})

function declareInit(command: Command): void {
  command
    .description(
      'Make a repository. The first snapshot makes backups.db by itself; this is for all others, and for one with a password.',
    )
    .option(
      '--repository-version <version>',
      'version of the format: 1, 2, latest or stable (default: stable, which is 2)',
      'stable',
    )
    .option('--from <repository>', 'cut files in the same places as this repository, so that the two can share content')
    .option('--from-repo <repository>', 'another name of --from')
    .option('--from-repository-file <file>', 'read the location of that repository from a file')
    .option('--from-password-file <file>', 'read the password of that repository from a file')
    .option('--from-password-command <command>', 'run a command that prints the password of that repository')
    .option('--from-insecure-no-password', 'that repository has no password')
    .option('--copy-chunker-params', 'implied by --from')
    .addHelpText('after', EXAMPLES)
}

async function makeRepository(
  context: CommandContext,
  _: readonly string[],
  options: InitOptions,
): Promise<InitResult> {
  const { globals, environment, workingFolder, signal } = context
  const version = parseVersion(options.repositoryVersion)
  const compression = chosenCompression(context)
  const choice = await chooseRepository(globals, environment, workingFolder)
  const chunkerPolynomial = await polynomialOfSource(context, options)
  const password = (await givenPassword(globals, environment, '', signal)) ?? (await newPassword(choice, context))
  const storage = await createStorage(choice.location)
  try {
    const made = await createRepository(
      withoutUndefined({ storage, password, version, chunkerPolynomial, compression }),
    )
    const { title, location } = choice
    return { id: made.config.id, version, title, location, hasPassword: password !== '' }
  } finally {
    await storage.close()
  }
}

/** A person is asked; where nobody can be, only the repository that needs no set-up may be without. */
async function newPassword(choice: RepositoryChoice, context: CommandContext): Promise<string> {
  const asked = await askNewPassword(choice.title, context)
  if (asked !== undefined) return asked
  if (choice.kind === 'embedded') return ''
  throw badArgument(
    `no password was given for ${choice.title}`,
    'give one with --password-file, --password-command or VARVE_PASSWORD; for none, pass --insecure-no-password',
  )
}

function parseVersion(text: string): 1 | 2 {
  if (text === '1') return 1
  if (text === '2' || text === 'latest' || text === 'stable') return 2
  throw badArgument(`--repository-version: '${text}' is not known`, 'choose 1, 2, latest or stable')
}

async function polynomialOfSource(context: CommandContext, options: InitOptions): Promise<bigint | undefined> {
  const { environment, signal } = context
  if (options.from !== undefined && options.fromRepo !== undefined) {
    throw badArgument('--from and --from-repo are the same option', 'leave out one of them')
  }
  const named = withoutUndefined({ repo: options.from ?? options.fromRepo, repositoryFile: options.fromRepositoryFile })
  const location = await namedLocation(named, environment, 'FROM_')
  if (location === undefined) return undefined
  const passwordOptions = withoutUndefined({
    passwordFile: options.fromPasswordFile,
    passwordCommand: options.fromPasswordCommand,
    insecureNoPassword: options.fromInsecureNoPassword,
  })
  const password = await givenPassword(passwordOptions, environment, 'FROM_', signal)
  const choice: RepositoryChoice = { location, kind: 'named', title: location }
  const repository = await openRepositoryAt(choice, password, context)
  await repository.close()
  return repository.config.chunkerPolynomial
}
