import { join } from 'node:path'
import { outputOf, type Command } from '../measured-run.ts'
import { PASSWORD, type Contestant } from './contestant.ts'
import { programVersion } from './program-version.ts'

interface Group {
  readonly snapshots: readonly { readonly id: string }[]
}

/** rustic; undefined where it is not installed. */
export function rustic(root: string): Contestant | undefined {
  const version = programVersion('rustic')
  if (version === undefined) return undefined
  const folder = join(root, 'rustic')
  const repository = join(folder, 'repository')
  const command = (...args: string[]): Command => ({
    argv: ['rustic', '--no-progress', '--log-level', 'error', ...args],
    environment: {
      RUSTIC_PASSWORD: PASSWORD,
      RUSTIC_CACHE_DIR: join(folder, 'cache'),
      RUSTIC_REPOSITORY: repository,
    },
  })
  return {
    name: 'rustic',
    kind: 'peer',
    version,
    folder,
    repository,
    location: repository,
    commands: {
      version: { argv: ['rustic', '--version'] },
      help: { argv: ['rustic', '--help'] },
      init: command('init'),
      snapshot: (source) => command('backup', source),
      snapshotAgain: (source) => command('backup', source),
      reread: (source) => command('backup', '--force', source),
      restore: (target) => command('restore', 'latest', target),
      restoreOver: (target) => command('restore', '--verify-existing', 'latest', target),
      restoreOverByTime: (target) => command('restore', 'latest', target),
      check: command('check', '--read-data'),
      list: command('snapshots'),
      snapshots: () => {
        const groups = JSON.parse(outputOf(command('snapshots', '--json'))) as readonly Group[]
        return groups.flatMap(({ snapshots }) => snapshots.map(({ id }) => id))
      },
      // By default it only marks what can go, and writes at most a tenth of the repository anew.
      prune: (names) => command('forget', '--prune', '--instant-delete', '--max-repack', 'unlimited', ...names),
    },
  }
}
