import { absentEntries, type Profile, runMirror } from '@varve/mirror'
import { isVarveError, VarveError } from '@varve/platform/errors'
import type { Command } from 'commander'
import { badArgument } from '../../bad-argument.ts'
import { type CommandContext, defineCommand } from '../../command.ts'
import { verbosityOf } from '../../global-options.ts'
import { chosenProfiles, type ConfigOptions, declareConfigOptions } from './mirror-place.ts'
import { type ProfileOutcome, type RunOutcome, runJson, runShortfall, runText } from './run-report.ts'

interface Options extends ConfigOptions {
  readonly dryRun?: boolean
  readonly checksum?: boolean
  readonly allowEmpty?: boolean
  readonly maxWorkers?: string
}

const EXAMPLES = `
mirror/ becomes what the selected part of the source is. Where anything tracked
has changed, a folder backup_DATE_TIME beside it keeps that: new and changed
files in track/, the last state of those that went in deleted/.

Examples:
  varve mirror run --dry-run
  varve mirror run
  varve mirror run --config work.toml --profile usb`

/** `varve mirror run` */
export const mirrorRunCommand = defineCommand<Options, RunOutcome>({
  during: 'run',
  counts: 'file',
  statusMessage: ({ phase, filesDone, filesTotal, bytesDone, bytesTotal, current }, { elapsed }) => ({
    phase,
    seconds_elapsed: Math.floor(elapsed / 1000),
    files_done: filesDone,
    total_files: filesTotal,
    bytes_done: bytesDone,
    total_bytes: bytesTotal,
    current_files: current,
  }),
  declare: (command: Command) => {
    command
      .description('Bring the mirror up to date, and keep what has changed in an increment.')
      .option('-n, --dry-run', 'only list what would be done')
      .option('--checksum', 'compare contents, not sizes and times')
      .option('--allow-empty', 'take a source that has nothing in it for one that was emptied')
      .option('--max-workers <number>', 'threads that copy at the same time (default: as configured)')
    declareConfigOptions(command)
    command.option('--all-profiles', 'every profile, one after another').addHelpText('after', EXAMPLES)
  },
  run: runProfiles,
  text: runText,
  json: runJson,
  shortfall: runShortfall,
})

async function runProfiles(context: CommandContext, _: readonly string[], options: Options): Promise<RunOutcome> {
  const profiles = chosenProfiles(options, context)
  for (const profile of profiles) requireSelection(profile)
  const maxWorkers = options.maxWorkers === undefined ? undefined : parseWorkers(options.maxWorkers)
  const outcomes: ProfileOutcome[] = []
  for (const profile of profiles) {
    outcomes.push(await runProfile(profile, context, { ...options, maxWorkers }, profiles.length > 1))
  }
  const dryRun = options.dryRun === true
  return { profiles: outcomes, dryRun, listsChanges: dryRun || verbosityOf(context.globals) > 1 }
}

async function runProfile(
  profile: Profile,
  { signal, reporter }: CommandContext,
  options: Omit<Options, 'maxWorkers'> & { readonly maxWorkers: number | undefined },
  hasOthers: boolean,
): Promise<ProfileOutcome> {
  const { dryRun, checksum, allowEmpty, maxWorkers } = options
  for (const path of absentEntries(profile.config)) {
    reporter.warning(`'${path}' is to be mirrored, but is not in '${profile.config.source}'`)
  }
  try {
    const result = await runMirror(profile.config, {
      dryRun,
      checksum,
      allowEmpty,
      maxWorkers,
      signal,
      onProgress: (progress) => reporter.progress(progress),
      onProblem: (problem) => reporter.problem(problem),
      onNotice: (notice) => reporter.notice(notice),
    })
    return { profile, result, failure: undefined }
  } catch (error) {
    // Where one drive is not there, the others have their mirrors all the same.
    if (!hasOthers || !isVarveError(error) || error.code === 'ERR_VARVE_ABORTED') throw error
    return { profile, result: undefined, failure: error }
  }
}

/** Whoever has just made a configuration did not mean an empty mirror. */
function requireSelection({ name, config }: Profile): void {
  const { includeDirs, trackDirs, includeFiles, trackFiles } = config.rules
  if (includeDirs.length + trackDirs.length + includeFiles.length + trackFiles.length > 0) return
  const what = name === undefined ? 'the configuration' : `the profile '${name}'`
  throw new VarveError('ERR_VARVE_CONFIG', `${what} selects nothing`, {
    hint: 'name folders in include_dirs or track_dirs; "." is all of src',
  })
}

function parseWorkers(text: string): number {
  const number = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (number < 1 || number > 256) throw badArgument(`--max-workers: '${text}' is not a number from 1 to 256`)
  return number
}
