import { deleteFiles, deleteIncrement, type DeletedFile, type Deletion } from '@varve/mirror'
import type { Command } from 'commander'
import { type CommandContext, defineCommand } from '../../command.ts'
import { formatBytes } from '../../format/format-bytes.ts'
import { formatCount } from '../../format/format-count.ts'
import { verbosityOf } from '../../global-options.ts'
import { lockOptions } from '../../lock-options.ts'
import { repeatable } from '../../repeatable-option.ts'
import { chosenNames } from './chosen-names.ts'
import { chosenDestination, declarePlaceOptions, type PlaceOptions } from './mirror-place.ts'

interface Options extends PlaceOptions {
  readonly mask: readonly string[]
  readonly dryRun?: boolean
}

interface DeleteOutcome {
  readonly deletions: readonly Deletion[]
  readonly isWhole: boolean
  readonly dryRun: boolean
  readonly listsFiles: boolean
}

const EXAMPLES = `
No increment needs another one: the rest stay whole. What only this one had is
gone then, and states that need it cannot be restored any more. Increments are
named by their names, their beginnings, or their numbers in the list.

Examples:
  varve mirror delete backup_20260301_180000 --dry-run
  varve mirror delete 1 2 3
  varve mirror delete 4 --mask '*.mp4' --mask '*.iso'`

/** `varve mirror delete` */
export const mirrorDeleteCommand = defineCommand<Options, DeleteOutcome>({
  during: 'delete',
  declare: (command: Command) => {
    command
      .description('Delete increments, or some of the files in them. The mirror stays as it is.')
      .argument('<increment...>', 'which ones')
      .addOption(repeatable('-m, --mask <mask>', "only files like this: '*.mp4', [abc]*, boat"))
      .option('-n, --dry-run', 'only list what would be deleted')
    declarePlaceOptions(command)
    command.addHelpText('after', EXAMPLES)
  },
  run: deleteChosen,
  text: deleteText,
  json: ({ deletions, isWhole, dryRun }) => [
    ...deletions.flatMap(({ name, files }) =>
      files.map(({ isOnlyLink, ...file }) => ({ message_type: 'file', increment: name, ...file, frees: isOnlyLink })),
    ),
    ...deletions.map(({ name, files }) => ({
      message_type: 'summary',
      increment: name,
      whole_increment: isWhole,
      dry_run: dryRun,
      files: files.length,
      freed_bytes: freed(files),
    })),
  ],
})

async function deleteChosen(
  context: CommandContext,
  wanted: readonly string[],
  { mask, dryRun = false, ...options }: Options,
): Promise<DeleteOutcome> {
  const { signal, globals } = context
  const destination = chosenDestination(undefined, options, context)
  const call = { dryRun, signal, retryLock: lockOptions(globals).retryLock }
  const isWhole = mask.length === 0
  const deletions: Deletion[] = []
  for (const name of await chosenNames(destination, wanted)) {
    deletions.push(
      isWhole ? await deleteIncrement(destination, name, call) : await deleteFiles(destination, name, mask, call),
    )
  }
  return { deletions, isWhole, dryRun, listsFiles: dryRun || verbosityOf(globals) > 1 }
}

function deleteText({ deletions, isWhole, dryRun, listsFiles }: DeleteOutcome, verbosity: number): readonly string[] {
  if (verbosity === 0 && !dryRun) return []
  const done = dryRun ? 'would delete' : 'deleted'
  // What several of them share becomes free with the last.
  const freeing = !dryRun ? 'freed' : deletions.length > 1 ? 'free at least' : 'free'
  return [
    ...deletions.flatMap(({ name, files }) => [
      ...(listsFiles
        ? files.map(({ category, path, size }) => `${name}/${category}/${path}  (${formatBytes(size)})`)
        : []),
      `${name}: ${done} ${isWhole ? 'it, with ' : ''}${formatCount(files.length, 'file')}, and ${freeing} ${formatBytes(freed(files))}`,
    ]),
    ...(dryRun ? ['This was a dry run: nothing was deleted.'] : []),
  ]
}

/** Bytes whose room becomes free: those of files that no other name leads to. */
function freed(files: readonly DeletedFile[]): number {
  return files.reduce((sum, { size, isOnlyLink }) => sum + (isOnlyLink ? size : 0), 0)
}
