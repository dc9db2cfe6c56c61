import type { ExtractOptions, ExtractResult } from '@varve/delta'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import { badArgument } from '../../bad-argument.ts'
import { type CommandContext, defineCommand } from '../../command.ts'
import { formatBytes } from '../../format/format-bytes.ts'
import { formatCount } from '../../format/format-count.ts'
import { parseSize } from '../../parse/parse-size.ts'
import { withoutUndefined } from '../../without-undefined.ts'
import { STANDARD, writeOutput } from '../output-place.ts'
import { openSet, type OpenSetOptions } from './named-set.ts'
import { missing } from './volume-options.ts'

interface Options extends OpenSetOptions {
  readonly outputDirectory?: string
  readonly owners?: boolean
  readonly specials?: boolean
  readonly force?: boolean
}

interface ExtractOutcome extends ExtractResult {
  readonly output: string
}

const EXAMPLES = `
Members keep their paths below the folder. A folder is extracted with all that
is in it. Only volumes that are needed have to be there. Archives whose members
would get anywhere else are refused, and so are members that are there twice.

Examples:
  varve tar extract backups/work -o restored
  varve tar extract backups/work work/scenes work/notes.txt -o restored
  varve tar extract backups/work work/notes.txt -o - | less
  varve tar extract somebody-elses.tar.gz -o new-folder --max-size 1G`

/** `varve tar extract` */
export const tarExtractCommand = defineCommand<Options, ExtractOutcome>({
  during: 'extract',
  counts: 'file',
  declare: (command: Command) => {
    command
      .description('Write members of a set of volumes, or of a tar of any program, to a folder.')
      .argument('<set>', 'where the volumes are, and what their names begin with; or a tar')
      .argument('[member...]', 'what to extract; all if nothing is named')
      .option('-o, --output-directory <folder>', 'where to write it; - writes one file to standard output')
      .option('-f, --force', 'replace files that are there')
      .option('--owners', 'give files the owners that they had')
      .option('--specials', 'make FIFOs and devices as well')
      .option('--max-size <size>', 'refuse more content than this')
      .option('--ignore-index', 'read the volumes instead of their index')
      .option('--incomplete', 'extract what is there of a set whose last volumes are missing')
      .addHelpText('after', EXAMPLES)
  },
  run: extractMembers,
  text: ({ output, files, folders, links, bytes }, verbosity) =>
    verbosity === 0 || output === STANDARD
      ? []
      : [
          `Extracted ${formatCount(files, 'file')}, ${formatCount(folders, 'folder')}, ${formatCount(links, 'link')} (${formatBytes(bytes)}) to ${output}.`,
        ],
  json: ({ output, files, folders, links, bytes, problems }) => [
    { message_type: 'summary', output, files, folders, links, bytes_written: bytes, problems: problems.length },
  ],
  shortfall: ({ problems }) => missing(problems, 'extracted'),
})

async function extractMembers(
  context: CommandContext,
  [set = '', ...members]: readonly string[],
  options: Options,
): Promise<ExtractOutcome> {
  const { outputDirectory: output } = options
  if (output === undefined) throw badArgument('no folder to extract to is named', 'name it with -o FOLDER')
  const reader = await openSet(set, context, options)
  const { signal, reporter } = context
  if (output === STANDARD) {
    const [member, ...others] = members
    if (member === undefined || others.length > 0) {
      throw badArgument('only one file can be written to standard output', 'name one member')
    }
    const bytes = await writeOutput(output, reader.extractFile(member, { signal }), context, false)
    return { output, files: 1, folders: 0, links: 0, bytes, problems: [] }
  }
  const { force: overwrite, owners, specials, maxSize } = options
  const maxBytes = maxSize === undefined ? undefined : parseSize(maxSize, '--max-size')
  const extract: ExtractOptions = {
    ...withoutUndefined({ overwrite, owners, specials, maxBytes }),
    signal,
    onProgress: (progress) => reporter.progress(progress),
    onProblem: (problem) => reporter.problem(problem),
  }
  const target = resolve(context.workingFolder, output)
  const result =
    members.length === 0 ? await reader.extractAll(target, extract) : await reader.extract(members, target, extract)
  return { ...result, output }
}
