import { OVERWRITE_MODES, restore, type RestoreItem, type RestoreOptions as EngineOptions } from '@varve/engine'
import { type Command, Option } from 'commander'
import { resolve } from 'node:path'
import { badArgument } from '../bad-argument.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { declareFilterOptions, type FilterOptions, readFilter } from '../filter-options.ts'
import { formatCount } from '../format/format-count.ts'
import { verbosityOf } from '../global-options.ts'
import { lockOptions } from '../lock-options.ts'
import { restoreJson, restoreStatus } from '../render/restore-json.ts'
import { type RestoreOutcome, restoreText } from '../render/restore-text.ts'
import { repeatable } from '../repeatable-option.ts'
import type { ReportedItem } from '../report/reporter.ts'
import { withChosenRepository } from '../repository/open-chosen-repository.ts'
import { findNamedSnapshot, snapshotNumbers } from '../named-snapshot.ts'

interface RestoreOptions extends FilterOptions {
  readonly snapshotNumber?: string
  readonly outputDirectory?: string
  readonly target?: string
  readonly include: readonly string[]
  readonly iinclude: readonly string[]
  readonly exclude: readonly string[]
  readonly iexclude: readonly string[]
  readonly overwrite: NonNullable<EngineOptions['overwrite']>
  readonly delete?: boolean
  readonly dryRun?: boolean
  readonly verify?: boolean
  /** False with `--no-sparse`. */
  readonly sparse: boolean
}

const EXAMPLES = `
A snapshot is named by its number in the list, the beginning of its id, latest,
or latest~2 for the one two before it.

Examples:
  varve restore latest --output-directory restored
                                   the content of the saved folder, in restored
  varve restore 3:/home/ann/work/scenes --output-directory scenes
  varve restore 4bba301e --target / --include '*.blend'
                                   to where it was saved from
  varve restore latest --output-directory work --delete --dry-run`

/** `varve restore` */
export const restoreCommand = defineCommand<RestoreOptions, RestoreOutcome>({
  during: 'restore',
  counts: 'file',
  statusMessage: restoreStatus,
  declare: declareRestore,
  run: restoreSnapshot,
  text: restoreText,
  json: restoreJson,
  shortfall: ({ problems }) =>
    problems === 0
      ? undefined
      : { message: `${formatCount(problems, 'problem')}: not everything could be restored`, exitCode: EXIT.failed },
})

function declareRestore(command: Command): void {
  command
    .description('Write a snapshot, or a part of it, to a folder. Files that are right already are left alone.')
    .argument('[snapshot[:path]]', 'what to restore; a path in the snapshot restores what is at it')
    .option('--snapshot-number <number>', 'the snapshot; another way to name it')
    .option('-o, --output-directory <folder>', 'put the content of the folder that was saved into this one')
    .option('-t, --target <folder>', 'put full paths below this folder')
    .addOption(repeatable('-i, --include <pattern>', 'restore only what matches'))
    .addOption(repeatable('--iinclude <pattern>', 'like --include, whatever the case of letters'))
    .addOption(repeatable('-e, --exclude <pattern>', 'leave out what matches'))
    .addOption(repeatable('--iexclude <pattern>', 'like --exclude, whatever the case of letters'))
    .addOption(
      new Option(
        '--overwrite <when>',
        'what to do with files that are there: always, if-changed, if-newer or never (default: always)',
      )
        .choices([...OVERWRITE_MODES])
        .default('always'),
    )
    .option('--delete', 'remove from restored folders what the snapshot does not have')
    .option('-n, --dry-run', 'only list what would be written, overwritten and removed')
    .option('--verify', 'read what was written again and compare it')
    .option('--sparse', 'write long runs of zeros as holes (default)')
    .option('--no-sparse', 'write zeros as they are')
    .addHelpText('after', EXAMPLES)
  declareFilterOptions(command)
}

async function restoreSnapshot(
  context: CommandContext,
  [name]: readonly string[],
  options: RestoreOptions,
): Promise<RestoreOutcome> {
  const { environment, workingFolder, signal, reporter } = context
  const { target, layout } = chooseTarget(options)
  const chosen = chooseSnapshot(name, options.snapshotNumber)
  const dryRun = options.dryRun === true
  const locks = lockOptions(context.globals)
  return withChosenRepository(context, async (repository) => {
    const filter = readFilter(options, environment, workingFolder)
    const { snapshot, path } = await findNamedSnapshot(repository, chosen, filter)
    const begin = performance.now()
    const result = await restore(repository, {
      snapshot: snapshot.id,
      path,
      target: resolve(workingFolder, target),
      layout,
      include: options.include,
      iinclude: options.iinclude,
      exclude: options.exclude,
      iexclude: options.iexclude,
      overwrite: options.overwrite,
      delete: options.delete,
      dryRun,
      verify: options.verify,
      sparse: options.sparse,
      ...locks,
      signal,
      onProgress: (progress) => reporter.progress(progress),
      onProblem: (problem) => reporter.problem(problem),
      // Without -v none is shown; then no path has to be put together for each.
      onItem:
        dryRun || verbosityOf(context.globals) > 1 ? (item) => reporter.item(reportedItem(item, dryRun)) : undefined,
      onNotice: (text) => reporter.notice(text),
    })
    const elapsed = performance.now() - begin
    const number = (await snapshotNumbers(repository)).get(snapshot.id)
    return { ...result, snapshot, number, given: target, dryRun, elapsed }
  })
}

function chooseSnapshot(name: string | undefined, number: string | undefined): string {
  if (name !== undefined && number !== undefined) {
    throw badArgument('two snapshots are named', 'leave out the argument or --snapshot-number')
  }
  const chosen = name ?? number
  if (chosen !== undefined) return chosen
  throw badArgument('no snapshot is named', "name it by its number in the list, the beginning of its id, or 'latest'")
}

function chooseTarget({ outputDirectory, target }: RestoreOptions): {
  readonly target: string
  readonly layout: EngineOptions['layout']
} {
  if (outputDirectory !== undefined && target !== undefined) {
    throw badArgument('--output-directory and --target exclude each other', '--target puts full paths below the folder')
  }
  if (outputDirectory !== undefined) return { target: outputDirectory, layout: 'content' }
  if (target !== undefined) return { target, layout: 'full-paths' }
  throw badArgument('no folder to restore to is named', 'name it with --output-directory FOLDER')
}

const ACTIONS = {
  created: 'restored',
  updated: 'updated',
  unchanged: 'unchanged',
  deleted: 'deleted',
  skipped: 'skipped',
} as const satisfies Record<RestoreItem['action'], ReportedItem['action']>

function reportedItem({ action, path, size, type }: RestoreItem, dryRun: boolean): ReportedItem {
  const level = action === 'unchanged' || action === 'skipped' ? 2 : dryRun ? 0 : 1
  const shown = { action: ACTIONS[action], path: type === 'dir' ? `${path}/` : path, level } as const
  return type === 'file' ? { ...shown, size } : shown
}
