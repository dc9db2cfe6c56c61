import { DirIndex } from '@varve/delta'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import { type CommandContext, defineCommand } from '../../command.ts'
import { formatBytes } from '../../format/format-bytes.ts'
import { formatCount } from '../../format/format-count.ts'
import { newFile } from '../output-place.ts'
import { declareIndexOptions, type IndexCommandOptions, indexOptions } from './index-options.ts'
import { unreadable } from './unreadable.ts'

interface Options extends IndexCommandOptions {
  readonly previous?: string
  /** False with `--no-signatures`. */
  readonly signatures: boolean
  readonly force?: boolean
}

interface IndexOutcome {
  readonly output: string
  readonly entries: number
  readonly bytes: number
  readonly problems: number
  readonly stateHash: string
}

const EXAMPLES = `
An index holds names, permissions, times, hashes, and the signatures that deltas
need.

Examples:
  varve dir index ~/work work.index
  varve dir index ~/work new.index --previous work.index
                                   reads only files that have changed
  varve dir index ~/work work.index --exclude '*.tmp' --exclude /cache/`

/** `varve dir index` */
export const dirIndexCommand = defineCommand<Options, IndexOutcome>({
  during: 'index',
  counts: 'file',
  declare: (command: Command) => {
    command
      .description('Write the state of a folder to a file, so that changes can be found later.')
      .argument('<folder>', 'the folder')
      .argument('<index>', 'where to write its state')
      .option('--previous <index>', 'an earlier state: files that look unchanged since are not read')
      .option('--no-signatures', 'leave out the signatures of blocks; without them, there are no deltas')
      .option('-f, --force', 'replace a file that is there')
      .addHelpText('after', EXAMPLES)
    declareIndexOptions(command)
  },
  run: indexFolder,
  text: ({ output, entries, bytes }, verbosity) =>
    verbosity === 0
      ? []
      : [`Wrote ${output}: ${formatCount(entries, 'entry', 'entries')}, ${formatBytes(bytes)} in files.`],
  json: ({ output, entries, bytes, problems, stateHash }) => [
    { message_type: 'summary', output, entries, total_bytes: bytes, problems, state_hash: stateHash },
  ],
  shortfall: ({ problems }) => unreadable(problems),
})

async function indexFolder(
  context: CommandContext,
  [folder = '', output = '']: readonly string[],
  options: Options,
): Promise<IndexOutcome> {
  const { workingFolder } = context
  const path = newFile(output, context, options.force === true)
  const { signatures } = options
  await using before =
    options.previous === undefined ? undefined : await DirIndex.fromFile(resolve(workingFolder, options.previous))
  const previous = before === undefined ? {} : { previous: before }
  await using index = await DirIndex.fromFolder(resolve(workingFolder, folder), {
    ...indexOptions(options, context),
    ...previous,
    signatures,
  })
  await index.toFile(path)
  const { entryCount: entries, totalSize: bytes, problemCount: problems, stateHash } = index
  return { output, entries, bytes, problems, stateHash }
}
