import { type Id, prune, type OpenRepository } from '@varve/engine'
import type { Command } from 'commander'
import { badArgument } from '../bad-argument.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { lockOptions } from '../lock-options.ts'
import { parseMaxUnused } from '../parse/parse-max-unused.ts'
import { parseSize } from '../parse/parse-size.ts'
import { pruneJson, pruneText, type PruneOutcome, type RemovedSnapshot } from '../render/prune.ts'
import { repeatable } from '../repeatable-option.ts'
import { withChosenRepository } from '../repository/open-chosen-repository.ts'
import { findNamedId, snapshotNumbers } from '../named-snapshot.ts'
import { withoutUndefined } from '../without-undefined.ts'

interface PruneOptions {
  readonly snapshot: readonly string[]
  readonly maxUnused?: string
  readonly maxRepackSize?: string
  readonly repackUncompressed?: boolean
  readonly dryRun?: boolean
}

const EXAMPLES = `
Other snapshots keep everything that they need. Without a snapshot, only content
that none needs is removed. The snapshots that stay count anew from the oldest:
ids do not change, numbers may.

Examples:
  varve prune 1 2 3
  varve prune 4bba301e --dry-run
  varve prune --snapshot 1
  varve prune --max-unused 0       leave nothing unused`

/** `varve prune` */
export const pruneCommand = defineCommand<PruneOptions, PruneOutcome>({
  during: 'prune',
  declare: declarePrune,
  run: pruneChosen,
  text: pruneText,
  json: pruneJson,
})

function declarePrune(command: Command): void {
  command
    .description('Remove snapshots, and then content that no other snapshot needs.')
    .argument('[snapshots...]', 'numbers in the list, or beginnings of ids')
    .addOption(repeatable('--snapshot <number>', 'a snapshot to remove; another way to name it'))
    .option('--max-unused <limit>', 'how much unused content may stay: a size, a percentage or unlimited (default: 5%)')
    .option('--max-repack-size <size>', 'write at most this much anew')
    .option('--repack-uncompressed', 'compress what is not compressed yet')
    .option('-n, --dry-run', 'only say what would be removed')
    .addHelpText('after', EXAMPLES)
}

async function pruneChosen(
  context: CommandContext,
  names: readonly string[],
  options: PruneOptions,
): Promise<PruneOutcome> {
  const { signal, reporter, globals } = context
  const { dryRun = false, repackUncompressed } = options
  const limits = withoutUndefined({
    maxUnused: options.maxUnused === undefined ? undefined : parseMaxUnused(options.maxUnused),
    maxRepackBytes:
      options.maxRepackSize === undefined ? undefined : parseSize(options.maxRepackSize, '--max-repack-size'),
    repackUncompressed,
  })
  const locks = lockOptions(globals)
  if (locks.noLock && !dryRun) {
    throw badArgument('--no-lock would let others save what is being removed', 'leave it out, or add --dry-run')
  }
  return withChosenRepository(context, async (repository) => {
    const removed = await chooseSnapshots(repository, [...names, ...options.snapshot])
    const result = await prune(repository, {
      ...limits,
      remove: removed.map(({ id }) => id),
      dryRun,
      ...locks,
      signal,
      onProgress: (progress) => reporter.progress(progress),
    })
    return { ...result, removed, dryRun }
  })
}

/** All snapshots that are named, each once, with their numbers from before anything is removed. */
async function chooseSnapshots(
  repository: OpenRepository,
  names: readonly string[],
): Promise<readonly RemovedSnapshot[]> {
  const chosen = new Set<Id>()
  for (const name of names) {
    const { id, path } = await findNamedId(repository, name)
    if (path !== undefined)
      throw badArgument(`'${name}' names a part of a snapshot`, 'only whole snapshots can be removed')
    chosen.add(id)
  }
  if (chosen.size === 0) return []
  const numbers = await snapshotNumbers(repository)
  return [...chosen].map((id) => ({ id, number: numbers.get(id) }))
}
