import { type ChangeCounts, DiffIndex, DirIndex } from '@varve/delta'
import type { Command } from 'commander'
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { type CommandContext, defineCommand } from '../../command.ts'
import { toFsPath } from '@varve/platform/file-name'
import { newFile } from '../output-place.ts'
import { changeJson, changeLine, countsText, type ToldChange, toldChange } from './change-report.ts'
import { declareIndexOptions, type IndexCommandOptions, indexOptions } from './index-options.ts'
import { unreadable } from './unreadable.ts'

interface Options extends IndexCommandOptions {
  readonly output?: string
  /** False with `--no-renames`. */
  readonly renames: boolean
  readonly force?: boolean
}

interface DiffOutcome {
  readonly changes: readonly ToldChange[]
  readonly counts: ChangeCounts
  readonly problems: number
}

const EXAMPLES = `
A state is an index that varve dir index wrote, or a folder as it is now.

Examples:
  varve dir diff work.index ~/work
  varve dir diff monday.index tuesday.index --json
  varve dir diff work.index ~/work --output work.diff`

/** `varve dir diff` */
export const dirDiffCommand = defineCommand<Options, DiffOutcome>({
  during: 'diff',
  counts: 'file',
  declare: (command: Command) => {
    command
      .description('Show what differs between two states of a folder.')
      .argument('<older>', 'the state before: an index, or a folder')
      .argument('<newer>', 'the state after: an index, or a folder')
      .option('-o, --output <file>', 'write the difference to a file as well')
      .option('--no-renames', 'do not look for files that were renamed or moved')
      .option('-f, --force', 'replace a file that is there')
      .addHelpText('after', EXAMPLES)
    declareIndexOptions(command)
  },
  run: showDiff,
  text: ({ changes, counts }, verbosity) => [
    ...changes.map(changeLine),
    ...(verbosity === 0 ? [] : [`Difference: ${countsText(counts)}.`]),
  ],
  json: ({ changes, counts, problems }) => [
    ...changes.map(changeJson),
    { message_type: 'summary', ...counts, problems },
  ],
  shortfall: ({ problems }) => unreadable(problems),
})

async function showDiff(
  context: CommandContext,
  [olderName = '', newerName = '']: readonly string[],
  options: Options,
): Promise<DiffOutcome> {
  const path = options.output === undefined ? undefined : newFile(options.output, context, options.force === true)
  await using older = await stateOf(olderName, undefined, context, options)
  await using newer = await stateOf(newerName, older, context, options)
  const { signal, reporter } = context
  await using diff = await DiffIndex.between(older, newer, {
    renames: options.renames,
    signal,
    onProgress: (progress) => reporter.progress(progress),
  })
  if (path !== undefined) await diff.toFile(path)
  const changes: ToldChange[] = []
  for await (const change of diff.changes()) {
    const told = toldChange(change)
    if (told !== undefined) changes.push(told)
  }
  return { changes, counts: diff.counts, problems: newer.problemCount }
}

async function stateOf(
  name: string,
  previous: DirIndex | undefined,
  context: CommandContext,
  options: Options,
): Promise<DirIndex> {
  const path = resolve(context.workingFolder, name)
  if (statSync(toFsPath(path), { throwIfNoEntry: false })?.isDirectory() !== true) return await DirIndex.fromFile(path)
  return await DirIndex.fromFolder(path, {
    ...indexOptions(options, context),
    ...(previous === undefined ? {} : { previous }),
    signatures: false,
  })
}
