import type { SnapshotFilter } from '@varve/engine'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import { type Environment, variable } from './environment.ts'
import { parseTagFilter } from './parse/parse-tags.ts'
import { repeatable } from './repeatable-option.ts'

/** Options that say which snapshots are meant. */
export interface FilterOptions {
  readonly host: readonly string[]
  readonly path: readonly string[]
  readonly tag: readonly string[]
}

/** Adds `--host`, `--path` and `--tag`. */
export function declareFilterOptions(command: Command): void {
  command
    .addOption(repeatable('-H, --host <name>', 'only snapshots of this machine (default: $VARVE_HOST)'))
    .addOption(
      repeatable(
        '--path <path>',
        'only snapshots that hold this path, given as it was saved; all of them where several are given',
      ),
    )
    .addOption(
      repeatable(
        '--tag <tag[,tag…]>',
        "only snapshots with all these tags, or those of another --tag; '' for ones without",
      ),
    )
}

/** The filter that options and environment make. Relative paths are taken from the working folder, since snapshots know absolute ones. */
export function readFilter(options: FilterOptions, environment: Environment, workingFolder: string): SnapshotFilter {
  const host = variable(environment, 'HOST')
  const hosts = options.host.length > 0 || host === undefined ? options.host : [host]
  return {
    hosts,
    paths: options.path.map((path) => resolve(workingFolder, path)),
    tags: parseTagFilter(options.tag),
  }
}
