import { type Recreation, recreateMetadata } from '@varve/mirror'
import type { Command } from 'commander'
import { type CommandContext, defineCommand } from '../../command.ts'
import { formatCount } from '../../format/format-count.ts'
import { lockOptions } from '../../lock-options.ts'
import { repeatable } from '../../repeatable-option.ts'
import { allOrChosenNames } from './chosen-names.ts'
import { chosenDestination, declarePlaceArgument, declarePlaceOptions, type PlaceOptions } from './mirror-place.ts'

interface Options extends PlaceOptions {
  readonly backup: readonly string[]
  readonly force?: boolean
  readonly dryRun?: boolean
}

interface RecreateOutcome {
  readonly destination: string
  readonly recreations: readonly Recreation[]
  readonly dryRun: boolean
}

const EXAMPLES = `
Metadata that is missing or damaged is made anew. It then tells what lies in the
increment, but not what a changed file was before. What it replaces stays beside
it.

Examples:
  varve mirror recreate
  varve mirror recreate /media/usb/backups --force
  varve mirror recreate --backup backup_20260301_180000 --dry-run`

/** `varve mirror recreate` */
export const mirrorRecreateCommand = defineCommand<Options, RecreateOutcome>({
  during: 'recreate',
  counts: 'file',
  declare: (command: Command) => {
    command.description('Make the metadata of increments anew from the files that lie in them.')
    declarePlaceArgument(command)
    command
      .addOption(repeatable('--backup <increment>', 'only this increment'))
      .option('-f, --force', 'also where the metadata is whole')
      .option('-n, --dry-run', 'only list what would be made')
    declarePlaceOptions(command)
    command.addHelpText('after', EXAMPLES)
  },
  run: recreateAll,
  text: recreateText,
  json: ({ recreations, dryRun }) =>
    recreations.map(({ name, outcome, entries, bytesRead }) => ({
      message_type: 'increment',
      name,
      outcome,
      entries,
      bytes_read: bytesRead,
      dry_run: dryRun,
    })),
})

async function recreateAll(
  context: CommandContext,
  [dist]: readonly string[],
  { backup, force, dryRun = false, ...options }: Options,
): Promise<RecreateOutcome> {
  const { signal, reporter, globals } = context
  const destination = chosenDestination(dist, options, context)
  const recreations: Recreation[] = []
  for (const name of await allOrChosenNames(destination, backup)) {
    const recreation = await recreateMetadata(destination, name, {
      force,
      dryRun,
      signal,
      retryLock: lockOptions(globals).retryLock,
      onProgress: (progress) => reporter.progress(progress),
    })
    recreations.push(recreation)
  }
  return { destination, recreations, dryRun }
}

const OUTCOMES = { made: 'made', replaced: 'made anew', kept: 'whole, and kept' } as const

function recreateText({ destination, recreations, dryRun }: RecreateOutcome, verbosity: number): readonly string[] {
  if (verbosity === 0) return []
  if (recreations.length === 0) return [`There are no increments in ${destination}.`]
  return [
    ...recreations.map(({ name, outcome, entries }) =>
      outcome === 'kept'
        ? `${name}: ${OUTCOMES.kept}`
        : `${name}: ${OUTCOMES[outcome]}, ${formatCount(entries, 'entry', 'entries')}`,
    ),
    ...(dryRun ? ['This was a dry run: nothing was written.'] : []),
  ]
}
