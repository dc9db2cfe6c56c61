import { type IncrementSummary, summarizeIncrements } from '@varve/mirror'
import type { Problem } from '@varve/platform'
import type { Command } from 'commander'
import { type CommandContext, defineCommand } from '../../command.ts'
import { formatBytes } from '../../format/format-bytes.ts'
import { formatNumber } from '../../format/format-count.ts'
import { formatTime } from '../../format/format-time.ts'
import { type Column, formatTable } from '../../render/table.ts'
import { damagedIncrements } from './damaged-increments.ts'
import { chosenDestination, declarePlaceArgument, declarePlaceOptions, type PlaceOptions } from './mirror-place.ts'

interface Options extends PlaceOptions {
  readonly detailed?: boolean
}

interface ListOutcome {
  readonly destination: string
  readonly increments: readonly IncrementSummary[]
  readonly problems: readonly Problem[]
  readonly detailed: boolean
}

const EXAMPLES = `
Examples:
  varve mirror list
  varve mirror list /media/usb/backups --detailed`

/** `varve mirror list` */
export const mirrorListCommand = defineCommand<Options, ListOutcome>({
  during: 'list',
  declare: (command: Command) => {
    command.description('List the increments of a mirror.')
    declarePlaceArgument(command)
    command.option('--detailed', 'tell more: what the files take, who made it, and of which source')
    declarePlaceOptions(command)
    command.addHelpText('after', EXAMPLES)
  },
  run: listOfMirror,
  text: listText,
  json: ({ increments }) => [increments.map(summaryJson)],
  shortfall: ({ problems }) => damagedIncrements(problems),
})

async function listOfMirror(
  context: CommandContext,
  [dist]: readonly string[],
  options: Options,
): Promise<ListOutcome> {
  const { reporter } = context
  const destination = chosenDestination(dist, options, context)
  const { increments, problems } = await summarizeIncrements(destination)
  for (const problem of problems) reporter.problem(problem)
  return { destination, increments, problems, detailed: options.detailed === true }
}

function summaryJson(increment: IncrementSummary, index: number): object {
  const { name, time, origin, previous, source, tracked, trackedBytes, deleted, deletedBytes } = increment
  return {
    number: index + 1,
    name,
    time: time.toISOString(),
    made_by: MADE_BY[origin],
    previous,
    source: source === '' ? undefined : source,
    tracked,
    tracked_bytes: trackedBytes,
    deleted,
    deleted_bytes: deletedBytes,
  }
}

function listText({ increments, destination, problems, detailed }: ListOutcome): readonly string[] {
  if (increments.length === 0) return problems.length === 0 ? [`There are no increments in ${destination}.`] : []
  const columns = detailed ? DETAILED : USUAL
  return formatTable(
    columns,
    increments.map((increment, index) => columns.map(({ cell }) => [cell(increment, index)])),
    columns.map(({ total }) => (total === undefined ? [] : [total(increments)])),
  )
}

const MADE_BY = { varve: 'varve', recreated: 'recreate', original: 'backup.py' } as const

/** What is shown for what the metadata does not say. */
const UNKNOWN = '?'

interface SummaryColumn extends Column {
  readonly cell: (increment: IncrementSummary, index: number) => string
  readonly total?: (increments: readonly IncrementSummary[]) => string
}

function sumColumn(
  title: string,
  count: (increment: IncrementSummary) => number,
  format: (sum: number) => string,
): SummaryColumn {
  return {
    title,
    align: 'right',
    cell: (increment) => format(count(increment)),
    total: (increments) => format(increments.reduce((sum, increment) => sum + count(increment), 0)),
  }
}

const NAMING: readonly SummaryColumn[] = [
  { title: 'NUMBER', align: 'right', cell: (_, index) => String(index + 1), total: () => 'TOTAL' },
  { title: 'INCREMENT', align: 'left', cell: ({ name }) => name },
  { title: 'TIMESTAMP', align: 'left', cell: ({ time }) => formatTime(time.getTime()) },
]

const TRACKED = sumColumn('TRACKED', ({ tracked }) => tracked, formatNumber)
const DELETED = sumColumn('DELETED', ({ deleted }) => deleted, formatNumber)

const USUAL: readonly SummaryColumn[] = [
  ...NAMING,
  TRACKED,
  DELETED,
  sumColumn('SIZE', ({ trackedBytes, deletedBytes }) => trackedBytes + deletedBytes, formatBytes),
]

const DETAILED: readonly SummaryColumn[] = [
  ...NAMING,
  TRACKED,
  sumColumn('SIZE', ({ trackedBytes }) => trackedBytes, formatBytes),
  DELETED,
  sumColumn('SIZE', ({ deletedBytes }) => deletedBytes, formatBytes),
  { title: 'MADE BY', align: 'left', cell: ({ origin }) => MADE_BY[origin] },
  { title: 'SOURCE', align: 'left', cell: ({ source = '' }) => (source === '' ? UNKNOWN : source) },
]
