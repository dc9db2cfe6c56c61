import { copyScript, searchIncrements, type SearchResult } from '@varve/mirror'
import { nameFromBytes, nameToBytes } from '@varve/platform/file-name'
import { type Command, Option } from 'commander'
import { badArgument } from '../../bad-argument.ts'
import { type CommandContext, defineCommand } from '../../command.ts'
import { repeatable } from '../../repeatable-option.ts'
import { damagedIncrements } from './damaged-increments.ts'
import { foundFiles } from './found-files.ts'
import { chosenDestination, declarePlaceArgument, declarePlaceOptions, type PlaceOptions } from './mirror-place.ts'
import { foundCsv, foundJson, foundMarkdown, foundTable } from './search-forms.ts'

interface Options extends PlaceOptions {
  readonly mask: readonly string[]
  readonly size?: string
  readonly time?: string
  readonly path?: string
  readonly lastBackups?: string
  readonly csv?: boolean
  readonly markdown?: boolean
  readonly fullPaths?: boolean
  readonly null?: boolean
  readonly generateScript?: boolean
}

interface SearchOutcome {
  readonly destination: string
  readonly result: SearchResult
  readonly lines: readonly string[]
}

const EXAMPLES = `
A mask with *, ? or [ is for the whole path or the name; any other is a part of
the path. Of several masks, one has to match. Sizes: >100M, <1G, 500K-2M, 4096.
Times: 2026-01-31, <2026-01-31, 2026-01-01..2026-02-01.

Examples:
  varve mirror search --mask '*.py' --mask '*.pdf'
  varve mirror search /media/usb/backups --size '>100M' --last-backups 5
  varve mirror search --time 2026-01-01..2026-02-01 --csv >january.csv
  varve mirror search --mask boat --full-paths --null | xargs -0 ls -l
  varve mirror search --mask boat --generate-script >copy.sh; sh copy.sh found`

/** `varve mirror search` */
export const mirrorSearchCommand = defineCommand<Options, SearchOutcome>({
  during: 'search',
  declare: (command: Command) => {
    command.description('Search the files of all increments.')
    declarePlaceArgument(command)
    command
      .addOption(repeatable('-m, --mask <mask>', "what names are like: '*.py', '[abc]*', boat"))
      .option('--size <size>', "how large they are: '>100M', 500K-2M")
      .option('--time <time>', 'when they were modified: 2026-01-31, 2026-01-01..2026-02-01')
      .option('--path <path>', 'what their paths begin with')
      .option('--last-backups <number>', 'search only so many of the last increments')
      .option('--csv', 'print comma-separated values')
      .option('--markdown', 'print a table in Markdown')
      .option('--full-paths', 'print where the files lie, one in each line')
      .addOption(new Option('-0, --null', 'with --full-paths: end each with NUL instead of a line break'))
    command.option('--generate-script', 'print a script for sh that copies what was found to a folder')
    declarePlaceOptions(command)
    command.addHelpText('after', EXAMPLES)
  },
  run: searchMirror,
  text: ({ lines }) => lines,
  json: ({ destination, result }) => [foundJson(destination, result)],
  shortfall: ({ result }) => damagedIncrements(result.problems),
})

async function searchMirror(
  context: CommandContext,
  [dist]: readonly string[],
  options: Options,
): Promise<SearchOutcome> {
  const { reporter } = context
  const form = chosenForm(options, context)
  const destination = chosenDestination(dist, options, context)
  const { mask: masks, size, time, path, lastBackups } = options
  const last = lastBackups === undefined ? undefined : Number(lastBackups)
  const result = await searchIncrements(destination, { masks, size, time, path, last })
  for (const problem of result.problems) reporter.problem(problem)
  return { destination, result, lines: await linesOf(form, options, destination, result, context) }
}

type Form = 'table' | 'csv' | 'markdown' | 'full-paths' | 'generate-script' | 'json'

function chosenForm(
  { csv, markdown, fullPaths, generateScript, null: nul }: Options,
  { globals }: CommandContext,
): Form {
  const forms = [
    ...(csv === true ? (['csv'] as const) : []),
    ...(markdown === true ? (['markdown'] as const) : []),
    ...(fullPaths === true ? (['full-paths'] as const) : []),
    ...(generateScript === true ? (['generate-script'] as const) : []),
    ...(globals.json === true ? (['json'] as const) : []),
  ]
  if (forms.length > 1) throw badArgument(`--${forms.join(' and --')} exclude each other`)
  if (nul === true && fullPaths !== true) throw badArgument('--null goes with --full-paths')
  return forms[0] ?? 'table'
}

/** What is to be printed as lines. What programs read goes out as the bytes that it is, names included, unless a terminal would show it. */
async function linesOf(
  form: Form,
  { null: nul }: Options,
  destination: string,
  result: SearchResult,
  { output }: CommandContext,
): Promise<readonly string[]> {
  if (form === 'json') return []
  const files = foundFiles(destination, result)
  if (form === 'table') return foundTable(files)
  if (form === 'markdown') return foundMarkdown(files)
  if (form === 'generate-script') {
    const script = copyScript(destination, result)
    if (output.isTerminal) return nameFromBytes(script).trimEnd().split('\n')
    await output.bytes(script)
    return []
  }
  const lines = form === 'csv' ? foundCsv(files) : files.map(({ fullPath }) => fullPath)
  if (output.isTerminal) return lines
  const end = nul === true ? '\0' : '\n'
  await output.bytes(nameToBytes(lines.map((line) => line + end).join('')))
  return []
}
