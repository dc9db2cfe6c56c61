import {
  type CompleteIncrement,
  executeMirrorRestore,
  loadHistory,
  type MirrorRestorePlan,
  planMirrorRestore,
  readMirrorTree,
} from '@varve/mirror'
import type { Problem } from '@varve/platform'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import { badArgument } from '../../bad-argument.ts'
import { type CommandContext, defineCommand } from '../../command.ts'
import { EXIT } from '../../exit-codes.ts'
import { formatBytes } from '../../format/format-bytes.ts'
import { formatCount } from '../../format/format-count.ts'
import { repeatable } from '../../repeatable-option.ts'
import { chosenDestination, declarePlaceOptions, type PlaceOptions } from './mirror-place.ts'
import { namedIncrement, NAMING_HELP } from './named-increment.ts'

interface Options extends PlaceOptions {
  readonly outputDirectory?: string
  readonly path: readonly string[]
  readonly overwrite?: boolean
  readonly allowMissing?: boolean
  readonly dryRun?: boolean
}

interface RestoreOutcome {
  readonly plan: MirrorRestorePlan
  readonly given: string
  readonly files: number
  readonly bytes: number
  readonly problems: readonly Problem[]
  readonly dryRun: boolean
}

const EXAMPLES = `
The whole tracked tree is restored as it was after the increment, not only what
that one holds. Every file is verified by its hash.

${NAMING_HELP}

Examples:
  varve mirror restore latest -o restored
  varve mirror restore 2026-03-01 -o restored --path projects/boat
  varve mirror restore 3 -o restored --dry-run`

/** `varve mirror restore` */
export const mirrorRestoreCommand = defineCommand<Options, RestoreOutcome>({
  during: 'restore',
  counts: 'file',
  declare: (command: Command) => {
    command
      .description('Write the tracked files to a folder, as they were after an increment.')
      .argument('<increment>', 'which one, or a time')
      .option('-o, --output-directory <folder>', 'where to write them')
      .addOption(repeatable('-p, --path <path>', 'only this file, or what is below this folder'))
      .option('--overwrite', 'replace files that are there')
      .option('--allow-missing', 'restore the rest where something is lost')
      .option('-n, --dry-run', 'only list what would be written')
    declarePlaceOptions(command)
    command.addHelpText('after', EXAMPLES)
  },
  run: restoreTree,
  text: restoreText,
  json: ({ plan, files, bytes, problems, dryRun }) => [
    ...problems.map(({ path, message }) => ({ message_type: 'problem', path, message })),
    {
      message_type: 'summary',
      increment: plan.increment.name,
      target: plan.target,
      dry_run: dryRun,
      verified_tree: plan.isVerified,
      folders: plan.folders.length,
      links: plan.links.length,
      total_files: plan.files.length,
      total_bytes: plan.totalBytes,
      files_restored: files,
      bytes_restored: bytes,
      problems: problems.length,
    },
  ],
  shortfall: ({ problems }) =>
    problems.length === 0
      ? undefined
      : {
          message: `${formatCount(problems.length, 'problem')}: not everything is as it was`,
          exitCode: EXIT.failed,
        },
})

async function restoreTree(
  context: CommandContext,
  [name = '']: readonly string[],
  options: Options,
): Promise<RestoreOutcome> {
  const { signal, reporter, workingFolder } = context
  const { outputDirectory: given, overwrite, allowMissing, dryRun = false } = options
  if (given === undefined) throw badArgument('no folder to restore to is named', 'name it with -o FOLDER')
  const destination = chosenDestination(undefined, options, context)
  const history = await loadHistory(destination, readMirrorTree(destination), { signal })
  for (const problem of history.problems) reporter.problem(problem)
  const increment = namedIncrement<CompleteIncrement>(history.increments, name)
  const includes = options.path.length === 0 ? undefined : below(options.path)
  const plan = planMirrorRestore(history, increment, resolve(workingFolder, given), { includes })
  if (
    includes !== undefined &&
    plan.files.length + plan.folders.length + plan.links.length + plan.missing.length === 0
  ) {
    throw badArgument(`nothing at ${options.path.join(', ')} was tracked then`)
  }
  if (dryRun) return { plan, given, files: 0, bytes: 0, problems: [...plan.blocked, ...plan.missing], dryRun }
  const result = await executeMirrorRestore(plan, {
    overwrite: overwrite === true,
    allowMissing: allowMissing === true,
    signal,
    onProgress: (progress) => reporter.progress(progress),
  })
  for (const problem of result.problems) reporter.problem(problem)
  const { filesRestored: files, bytesRestored: bytes, problems } = result
  return { plan, given, files, bytes, problems, dryRun }
}

function below(paths: readonly string[]): (path: string) => boolean {
  const wanted = paths.map((path) => path.replace(/\/+$/, ''))
  return (path) => wanted.some((one) => path === one || path.startsWith(`${one}/`))
}

function restoreText(outcome: RestoreOutcome, verbosity: number): readonly string[] {
  const { plan, given, files, bytes, dryRun, problems } = outcome
  const doubt = plan.isVerified ? '' : ' Nobody can verify that this is the whole tree of that time.'
  const rest = `${formatCount(plan.folders.length, 'folder')}, ${formatCount(plan.links.length, 'link')}`
  if (!dryRun) {
    if (verbosity === 0) return []
    return [
      `Restored ${formatCount(files, 'file')} (${formatBytes(bytes)}) and ${rest} to ${given}, as of ${plan.increment.name}.${doubt}`,
    ]
  }
  const existing = new Set(plan.existing)
  return [
    ...plan.files.map(
      ({ path, state }) => `${existing.has(path) ? 'replace' : 'write  '}  ${path}  (${formatBytes(state.size)})`,
    ),
    ...plan.links.map(({ path, state }) => `${existing.has(path) ? 'replace' : 'write  '}  ${path} -> ${state.target}`),
    ...problems.map(({ path, message }) => `missing  ${path}: ${message}`),
    `Would restore ${formatCount(plan.files.length, 'file')} (${formatBytes(plan.totalBytes)}) and ${rest} to ${given}, as of ${plan.increment.name}.${doubt}`,
    'This was a dry run: nothing was written.',
  ]
}
