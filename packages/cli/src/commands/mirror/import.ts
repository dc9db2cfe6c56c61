import { incrementNames } from '@varve/mirror'
import { importMirror, type MirrorImportResult } from '@varve/mirror/repository'
import { shortId } from '@varve/engine'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import { type CommandContext, defineCommand } from '../../command.ts'
import { EXIT } from '../../exit-codes.ts'
import { formatCount } from '../../format/format-count.ts'
import { lockOptions } from '../../lock-options.ts'
import { withRepository } from '../../repository/open-chosen-repository.ts'
import { openOrMakeRepository } from '../../repository/open-or-make-repository.ts'
import { givenPassword } from '../../repository/password-source.ts'
import { chooseRepository } from '../../repository/repository-choice.ts'
import { withoutUndefined } from '../../without-undefined.ts'
import { chosenDestination, declarePlaceArgument, declarePlaceOptions, type PlaceOptions } from './mirror-place.ts'

interface Options extends PlaceOptions {
  readonly source?: string
  readonly host?: string
  readonly dryRun?: boolean
}

interface ImportOutcome extends MirrorImportResult {
  readonly dryRun: boolean
}

const EXAMPLES = `
Each increment becomes a snapshot of the tracked files as they were then, with
the increment's date and the source's path; content that they share is saved
once. What the repository has already is not imported again, and the mirror
stays as it is.

Examples:
  varve mirror import --repo /mnt/disk/backups
  varve mirror import /media/usb/backups --dry-run`

/** `varve mirror import` */
export const mirrorImportCommand = defineCommand<Options, ImportOutcome>({
  during: 'import',
  counts: 'file',
  declare: (command: Command) => {
    command.description('Make snapshots in a repository of a mirror and its increments.')
    declarePlaceArgument(command)
    command
      .option('--source <folder>', 'what was mirrored, for increments that do not tell')
      .option('--host <name>', 'which machine it was (default: this one)')
      .option('-n, --dry-run', 'do all the work, but save nothing')
    declarePlaceOptions(command)
    command.addHelpText('after', EXAMPLES)
  },
  run: importHistory,
  text: ({ imported, known, dryRun }, verbosity) => [
    ...(verbosity > 0 || dryRun
      ? imported.map(
          ({ name, snapshot, isComplete }) =>
            `${name} -> ${dryRun ? 'a snapshot' : `snapshot ${shortId(snapshot.id)}`}${isComplete ? '' : ' (not everything)'}`,
        )
      : []),
    ...(verbosity === 0
      ? []
      : [
          `${dryRun ? 'Would make' : 'Made'} ${formatCount(imported.length, 'snapshot')}; ${known.length} there already.`,
        ]),
  ],
  json: ({ imported, known, problems, dryRun }) => [
    ...imported.map(({ name, snapshot, isComplete }) => ({
      message_type: 'imported',
      name,
      snapshot_id: snapshot.id,
      time: snapshot.time,
      complete: isComplete,
    })),
    {
      message_type: 'summary',
      imported: imported.length,
      known: known.length,
      problems: problems.length,
      dry_run: dryRun,
    },
  ],
  shortfall: ({ problems }) =>
    problems.length === 0
      ? undefined
      : {
          message: `${formatCount(problems.length, 'problem')}: not everything could be imported`,
          exitCode: EXIT.incomplete,
        },
})

async function importHistory(
  context: CommandContext,
  [dist]: readonly string[],
  { source, host, dryRun = false, ...options }: Options,
): Promise<ImportOutcome> {
  const { globals, environment, workingFolder, signal, reporter, version } = context
  const destination = chosenDestination(dist, options, context)
  // No repository is to be made for a mirror that is not there.
  incrementNames(destination)
  const choice = await chooseRepository(globals, environment, workingFolder)
  const password = await givenPassword(globals, environment, '', signal)
  return await withRepository(await openOrMakeRepository(choice, password, dryRun, context), async (repository) => {
    const result = await importMirror(repository, destination, {
      ...withoutUndefined({ host, source: source === undefined ? undefined : resolve(workingFolder, source) }),
      ...lockOptions(globals),
      dryRun,
      programVersion: `varve ${version}`,
      signal,
      onProgress: (progress) => reporter.progress(progress),
      onProblem: (problem) => reporter.problem(problem),
      onNotice: (notice) => reporter.notice(notice),
    })
    return { ...result, dryRun }
  })
}
