import { snapshot, type SnapshotItem } from '@varve/engine'
import { badArgument } from '../bad-argument.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { snapshotJson, snapshotStatus } from '../render/snapshot-json.ts'
import { type SnapshotOutcome, snapshotText } from '../render/snapshot-text.ts'
import type { ReportedItem } from '../report/reporter.ts'
import { formatCount } from '../format/format-count.ts'
import { verbosityOf } from '../global-options.ts'
import { lockOptions } from '../lock-options.ts'
import { withRepository } from '../repository/open-chosen-repository.ts'
import { openOrMakeRepository } from '../repository/open-or-make-repository.ts'
import { givenPassword } from '../repository/password-source.ts'
import { chooseRepository } from '../repository/repository-choice.ts'
import { findNamedId, snapshotNumbers } from '../named-snapshot.ts'
import { collectSources } from '../sources/collect-sources.ts'
import { declareSnapshotOptions, readSnapshotOptions, type SnapshotCommandOptions } from './snapshot-options.ts'

const EXAMPLES = `
Examples:
  varve snapshot ~/work            into backups.db in this folder
  varve --db-path /mnt/disk/work.db snapshot --target-directory ~/work
  varve snapshot ~/work --exclude '*.tmp' --tag before-export
  pg_dump shop | varve snapshot --stdin --stdin-filename shop.sql

Exit codes: 0 done, 1 failed, 3 some sources could not be read (the rest is
saved), 10 no repository, 11 locked, 12 wrong password, 130 interrupted.`

/** `varve snapshot` */
export const snapshotCommand = defineCommand<SnapshotCommandOptions, SnapshotOutcome>({
  during: 'archival',
  counts: 'file',
  statusMessage: snapshotStatus,
  declare: (command) => {
    command
      .description(
        'Save files and folders as a new snapshot. Only content that the repository does not have yet is stored.',
      )
      .argument('[paths...]', 'files and folders to save')
      .addHelpText('after', EXAMPLES)
    declareSnapshotOptions(command)
  },
  run: takeSnapshot,
  text: snapshotText,
  json: snapshotJson,
  shortfall: ({ problems }) =>
    problems === 0
      ? undefined
      : {
          message: `${formatCount(problems, 'entry', 'entries')} could not be saved completely; the rest is`,
          exitCode: EXIT.incomplete,
        },
})

async function takeSnapshot(
  context: CommandContext,
  paths: readonly string[],
  options: SnapshotCommandOptions,
): Promise<SnapshotOutcome> {
  const { globals, environment, workingFolder, output, signal, reporter, version } = context
  const described = readSnapshotOptions(options, environment)
  const locks = lockOptions(globals)
  const source = await chooseSource(context, paths, options)
  const choice = await chooseRepository(globals, environment, workingFolder)
  const password = await givenPassword(globals, environment, '', signal)
  const dryRun = options.dryRun === true
  return withRepository(await openOrMakeRepository(choice, password, dryRun, context), async (repository) => {
    const parent = options.parent === undefined ? undefined : (await findNamedId(repository, options.parent)).id
    const result = await snapshot(repository, {
      ...described,
      ...source,
      ...(parent === undefined ? {} : { parent }),
      ...locks,
      programVersion: `varve ${version}`,
      signal,
      estimate: output.hasStatusLine && verbosityOf(globals) > 0,
      onProgress: (progress) => reporter.progress(progress),
      onProblem: (problem) => reporter.problem(problem),
      onItem: (item) => reporter.item(reportedItem(item)),
      onNotice: (text) => reporter.notice(text),
    })
    const made = result.snapshot === undefined || dryRun ? undefined : result.snapshot.id
    return { ...result, dryRun, number: made && (await snapshotNumbers(repository)).get(made) }
  })
}

async function chooseSource(
  { standardInput, workingFolder, reporter }: CommandContext,
  paths: readonly string[],
  options: SnapshotCommandOptions,
): Promise<
  | { readonly paths: readonly string[] }
  | { readonly stream: { readonly name: string; readonly stream: AsyncIterable<Uint8Array> } }
> {
  const lists = { patterns: options.filesFrom, verbatim: options.filesFromVerbatim, raw: options.filesFromRaw }
  if (options.stdin !== true) {
    const given = { ...lists, paths, targetDirectory: options.targetDirectory }
    const unmatched = (pattern: string): void => reporter.warning(`the pattern '${pattern}' matches nothing`)
    return { paths: await collectSources(given, standardInput, workingFolder, unmatched) }
  }
  if (
    paths.length > 0 ||
    options.targetDirectory !== undefined ||
    Object.values(lists).some((list) => list.length > 0)
  ) {
    throw badArgument('--stdin saves standard input and nothing else', 'leave out --stdin, or the other sources')
  }
  const name = options.stdinFilename ?? 'stdin'
  if (/^\/*$/.test(name)) throw badArgument('--stdin-filename: the name is empty')
  return { stream: { name, stream: standardInput } }
}

const ACTIONS = { new: 'new', changed: 'modified', unmodified: 'unchanged' } as const

function reportedItem({ path, type, action }: SnapshotItem): ReportedItem {
  return { action: ACTIONS[action], path: type === 'dir' ? `${path}/` : path, level: action === 'unmodified' ? 2 : 1 }
}
