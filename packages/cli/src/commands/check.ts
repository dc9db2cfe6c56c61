import { check, type Id } from '@varve/engine'
import type { Command } from 'commander'
import { badArgument } from '../bad-argument.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { formatCount } from '../format/format-count.ts'
import { lockOptions } from '../lock-options.ts'
import { parseDataSubset } from '../parse/parse-data-subset.ts'
import { type CheckOutcome, checkJson, checkText } from '../render/check.ts'
import { withChosenRepository } from '../repository/open-chosen-repository.ts'
import { snapshotTitles } from '../named-snapshot.ts'
import { withoutUndefined } from '../without-undefined.ts'

interface CheckOptions {
  readonly readData?: boolean
  readonly readDataSubset?: string
}

const EXAMPLES = `
Without --read-data, everything but the content itself is verified: that all of
it is there, in packs of the right size.

Examples:
  varve check                          the structure: a matter of seconds
  varve check --read-data              all content too: reads all of it
  varve check --read-data-subset 1/7   another seventh each day
  varve check --read-data-subset 5%

Exit codes: 0 sound, 1 something is wrong, 10 no repository, 11 locked,
12 wrong password.`

/** `varve check` */
export const checkCommand = defineCommand<CheckOptions, CheckOutcome>({
  during: 'check',
  declare: declareCheck,
  run: checkRepository,
  text: checkText,
  json: checkJson,
  shortfall: ({ problems }) =>
    problems.length === 0
      ? undefined
      : { message: `the repository is damaged: ${formatCount(problems.length, 'problem')}`, exitCode: EXIT.failed },
})

function declareCheck(command: Command): void {
  command
    .description(
      'Verify that the repository is sound, and name what is not: packs, blobs, and the files in snapshots that need them.',
    )
    .option('--read-data', 'read all content and verify it')
    .option('--read-data-subset <subset>', 'read a part: n/t (part n of t), p% or a size, chosen at random')
    .addHelpText('after', EXAMPLES)
}

async function checkRepository(
  context: CommandContext,
  _: readonly string[],
  options: CheckOptions,
): Promise<CheckOutcome> {
  const { signal, reporter, globals } = context
  const { readData, readDataSubset } = options
  if (readData === true && readDataSubset !== undefined) {
    throw badArgument('--read-data and --read-data-subset exclude each other', 'leave out one of them')
  }
  const subset = readDataSubset === undefined ? undefined : parseDataSubset(readDataSubset)
  const chosen = withoutUndefined({ readData, readDataSubset: subset })
  const locks = lockOptions(globals)
  return withChosenRepository(context, async (repository) => {
    const result = await check(repository, {
      ...chosen,
      ...locks,
      signal,
      onProgress: (progress) => reporter.progress(progress),
    })
    const extent = readData === true ? 'all' : subset === undefined ? 'none' : 'part'
    const titles = result.problems.length === 0 ? new Map<Id, string>() : await snapshotTitles(repository)
    return { ...result, extent, titles }
  })
}
