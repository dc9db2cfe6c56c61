import { removeStaleLocks } from '@varve/engine'
import { defineCommand } from '../command.ts'
import { formatCount } from '../format/format-count.ts'
import { withChosenRepository } from '../repository/open-chosen-repository.ts'

interface UnlockOptions {
  readonly removeAll?: boolean
}

interface UnlockResult {
  readonly removed: number
}

const EXAMPLES = `
Examples:
  varve unlock                 locks of programs that have ended, and old ones
  varve unlock --remove-all    every lock: only when no program is at work`

/** `varve unlock` */
export const unlockCommand = defineCommand<UnlockOptions, UnlockResult>({
  during: 'unlock',
  declare: (command) => {
    command
      .description('Remove locks that programs which have ended left behind in the repository.')
      .option('--remove-all', 'remove locks of running programs too')
      .addHelpText('after', EXAMPLES)
  },
  run: async (context, _, { removeAll = false }) => ({
    removed: await withChosenRepository(context, (repository) => removeStaleLocks(repository, { all: removeAll })),
  }),
  text: ({ removed }, verbosity) => {
    if (verbosity === 0) return []
    return [removed === 0 ? 'There was no lock to remove.' : `Removed ${formatCount(removed, 'lock')}.`]
  },
  json: ({ removed }) => [{ message_type: 'summary', removed_locks: removed }],
})
