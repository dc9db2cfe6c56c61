import { type ArchiveSummary, type ChangeCounts, DiffData, DiffIndex, DirIndex } from '@varve/delta'
import { type Command, Option } from 'commander'
import { resolve } from 'node:path'
import { type CommandContext, defineCommand } from '../../command.ts'
import { formatBytes } from '../../format/format-bytes.ts'
import { withoutUndefined } from '../../without-undefined.ts'
import { newFile } from '../output-place.ts'
import { countsText } from './change-report.ts'
import { declareIndexOptions, type IndexCommandOptions, indexOptions } from './index-options.ts'
import { unreadable } from './unreadable.ts'

interface Options extends IndexCommandOptions {
  readonly index?: string
  readonly compress?: 'gzip' | 'zstd'
  readonly force?: boolean
}

interface PackOutcome extends ArchiveSummary {
  readonly output: string
  readonly counts: ChangeCounts
  readonly problems: number
}

const EXAMPLES = `
The archive is all that is needed to make the same changes in a copy of the
folder that is as it was when the index was made. Keep the new index (--index)
for the next time.

Examples:
  varve dir pack work.index ~/work changes.tgz --index work.2.index
  varve dir pack work.index ~/work changes.tzst`

/** `varve dir pack` */
export const dirPackCommand = defineCommand<Options, PackOutcome>({
  during: 'pack',
  counts: 'file',
  declare: (command: Command) => {
    command
      .description('Put what has changed in a folder into an archive: new files, and deltas of changed ones.')
      .argument('<index>', 'the state of the folder before')
      .argument('<folder>', 'the folder')
      .argument('<archive>', 'where to write the changes')
      .option('--index <file>', 'write the present state to this file as well')
      .addOption(
        new Option('--compress <how>', 'gzip or zstd (default: what the name of the archive says)').choices([
          'gzip',
          'zstd',
        ]),
      )
      .option('-f, --force', 'replace files that are there')
      .addHelpText('after', EXAMPLES)
    declareIndexOptions(command)
  },
  run: packChanges,
  text: ({ output, size, counts }, verbosity) =>
    verbosity === 0 ? [] : [`Wrote ${output} (${formatBytes(size)}): ${countsText(counts)}.`],
  json: ({ output, size, wholeFiles, deltas, counts, problems }) => [
    { message_type: 'summary', output, bytes_written: size, whole_files: wholeFiles, deltas, ...counts, problems },
  ],
  shortfall: ({ problems }) => unreadable(problems),
})

async function packChanges(
  context: CommandContext,
  [indexName = '', folderName = '', output = '']: readonly string[],
  options: Options,
): Promise<PackOutcome> {
  const { workingFolder, signal, reporter } = context
  const force = options.force === true
  const path = newFile(output, context, force)
  const indexPath = options.index === undefined ? undefined : newFile(options.index, context, force)
  const folder = resolve(workingFolder, folderName)
  const call = { signal, onProgress: reporter.progress.bind(reporter) }
  await using older = await DirIndex.fromFile(resolve(workingFolder, indexName))
  await using newer = await DirIndex.fromFolder(folder, { ...indexOptions(options, context), previous: older })
  await using diff = await DiffIndex.between(older, newer, call)
  const { compress } = options
  const summary = await new DiffData(diff, older, folder).createArchive(path, {
    ...call,
    ...withoutUndefined({ compression: compress }),
  })
  if (indexPath !== undefined) await newer.toFile(indexPath)
  return { ...summary, output, counts: diff.counts, problems: newer.problemCount }
}
