import { listSnapshots, withLock } from '@varve/engine'
import type { Command } from 'commander'
import { badArgument } from '../bad-argument.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { declareFilterOptions, type FilterOptions, readFilter } from '../filter-options.ts'
import { formatCount } from '../format/format-count.ts'
import { lockOptions } from '../lock-options.ts'
import { listJson, listText, type ListOutcome } from '../render/list.ts'
import { withChosenRepository } from '../repository/open-chosen-repository.ts'

interface ListOptions extends FilterOptions {
  readonly latest?: string
  readonly compact?: boolean
  readonly freed?: boolean
}

const EXAMPLES = `
SIZE is what a restore writes. DISTINCT SIZE is the content that this snapshot
was the first to store; with --freed, FREED is what removing this snapshot
alone would set free. The TOTAL counts all content of all snapshots once.
All sizes are before compression.

Examples:
  varve list
  varve list --latest 1            the newest of each machine and set of paths
  varve list --tag release --freed
  varve list --json`

/** `varve list` */
export const listCommand = defineCommand<ListOptions, ListOutcome>({
  during: 'list',
  declare: declareList,
  run: listChosen,
  text: listText,
  json: listJson,
  shortfall: ({ damaged }) => {
    const [first] = damaged
    if (first === undefined) return undefined
    const others = damaged.length === 1 ? '' : ` (and ${formatCount(damaged.length - 1, 'other')})`
    return {
      message: `${first.message}${others}`,
      hint: 'what is listed is not affected, but has no numbers: name it by its id; prune removes the damaged one by its id',
      exitCode: EXIT.failed,
    }
  },
})

function declareList(command: Command): void {
  command
    .description('List snapshots, oldest first, with their sizes.')
    .option('--latest <count>', 'only the newest so many of each machine and set of paths')
    .option('-c, --compact', 'one line a snapshot, without paths')
    .option('--freed', 'show what removing each snapshot alone would free')
    .addHelpText('after', EXAMPLES)
  declareFilterOptions(command)
}

async function listChosen(context: CommandContext, _: readonly string[], options: ListOptions): Promise<ListOutcome> {
  const { environment, workingFolder, signal, globals, reporter } = context
  const latest = options.latest === undefined ? {} : { latest: parseCount(options.latest) }
  const filter = readFilter(options, environment, workingFolder)
  const { compact = false, freed = false } = options
  const locks = lockOptions(globals)
  const list = await withChosenRepository(context, (repository) =>
    // A prune at the same time would take away what is being measured.
    withLock(repository, { exclusive: false, reading: true, ...locks, signal, settleMeanwhile: true }, (lockSignal) =>
      listSnapshots(repository, { filter, ...latest, sizes: freed ? 'freed' : 'first-added', signal: lockSignal }),
    ),
  )
  for (const problem of list.problems) reporter.warning(`some sizes are not known: ${problem}`)
  return { ...list, compact, freed }
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw badArgument(`--latest: '${text}' is not a count`, 'write a whole number from 1 on')
}
