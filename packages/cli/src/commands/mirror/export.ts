import { exportSnapshot, type MirrorExportResult } from '@varve/mirror/repository'
import { shortId } from '@varve/engine'
import type { Command } from 'commander'
import { type CommandContext, defineCommand } from '../../command.ts'
import { EXIT } from '../../exit-codes.ts'
import { formatBytes } from '../../format/format-bytes.ts'
import { formatCount } from '../../format/format-count.ts'
import { lockOptions } from '../../lock-options.ts'
import { findNamedSnapshot } from '../../named-snapshot.ts'
import { withChosenRepository } from '../../repository/open-chosen-repository.ts'
import { chosenDestination, declarePlaceOptions, type PlaceOptions } from './mirror-place.ts'

interface ExportOutcome extends MirrorExportResult {
  readonly destination: string
}

const EXAMPLES = `
The next run of a mirror with that destination goes on from there: what is the
same in the source is not copied again.

Examples:
  varve mirror export latest /media/usb/backups
  varve mirror export 3:/home/ann/work/scenes scenes-mirror`

/** `varve mirror export` */
export const mirrorExportCommand = defineCommand<PlaceOptions, ExportOutcome>({
  during: 'export',
  counts: 'file',
  declare: (command: Command) => {
    command
      .description('Make a mirror of what a snapshot of a repository has.')
      .argument('<snapshot[:path]>', 'which snapshot, and which folder in it')
      .argument('[dist]', 'the folder that is to hold mirror/ and the increments (default: as configured)')
    declarePlaceOptions(command)
    command.addHelpText('after', EXAMPLES)
  },
  run: exportToMirror,
  text: ({ snapshot, mirror, entries, bytes }, verbosity) =>
    verbosity === 0
      ? []
      : [
          `Made ${mirror} of snapshot ${shortId(snapshot.id)}: ${formatCount(entries, 'entry', 'entries')}, ${formatBytes(bytes)}.`,
        ],
  json: ({ snapshot, destination, mirror, entries, bytes, problems }) => [
    {
      message_type: 'summary',
      snapshot_id: snapshot.id,
      destination,
      mirror,
      entries,
      total_bytes: bytes,
      problems: problems.length,
    },
  ],
  shortfall: ({ problems }) =>
    problems.length === 0
      ? undefined
      : {
          message: `${formatCount(problems.length, 'problem')}: not everything is in the mirror`,
          exitCode: EXIT.failed,
        },
})

async function exportToMirror(
  context: CommandContext,
  [name = '', dist]: readonly string[],
  options: PlaceOptions,
): Promise<ExportOutcome> {
  const { globals, signal, reporter } = context
  const destination = chosenDestination(dist, options, context)
  return await withChosenRepository(context, async (repository) => {
    const { snapshot, path } = await findNamedSnapshot(repository, name)
    const result = await exportSnapshot(repository, snapshot.id, destination, {
      path,
      ...lockOptions(globals),
      signal,
      onProgress: (progress) => reporter.progress(progress),
      onProblem: (problem) => reporter.problem(problem),
      onNotice: (notice) => reporter.notice(notice),
    })
    return { ...result, destination }
  })
}
