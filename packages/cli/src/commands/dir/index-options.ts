import type { DirIndexOptions } from '@varve/delta'
import type { Command } from 'commander'
import type { CommandContext } from '../../command.ts'
import { repeatable } from '../../repeatable-option.ts'
import { withoutUndefined } from '../../without-undefined.ts'

/** How a folder is indexed, as it is said on the command line. */
export interface IndexCommandOptions {
  readonly exclude: readonly string[]
  readonly excludeFile?: string
  readonly alwaysRead?: boolean
}

/** Adds the options that say how a folder is indexed. */
export function declareIndexOptions(command: Command): void {
  command
    .addOption(
      repeatable('-e, --exclude <pattern>', 'leave out what matches, as in .gitignore; besides .git/, .hg/, .svn/'),
    )
    .option('--exclude-file <name>', 'file at the top of the folder that holds such patterns (default: .exclude)')
    .option('--always-read', 'read also files that look unchanged')
}

/** The rules that an index has where nothing else is said. */
const USUAL_EXCLUDES = ['.git/', '.hg/', '.svn/']

/** Makes the library's options of those on the command line. */
export function indexOptions(
  { exclude, excludeFile, alwaysRead = false }: IndexCommandOptions,
  { reporter, signal }: CommandContext,
): DirIndexOptions {
  return {
    ...withoutUndefined({ excludeFile }),
    ...(exclude.length === 0 ? {} : { excludes: [...USUAL_EXCLUDES, ...exclude] }),
    ...(alwaysRead ? { unchanged: 'never' } : {}),
    signal,
    onProgress: (progress) => reporter.progress(progress),
    onProblem: (problem) => reporter.problem(problem),
  }
}
