import { join } from 'node:path'
import { outputOf, type Command } from '../measured-run.ts'
import { PASSWORD, type Contestant } from './contestant.ts'
import { programVersion } from './program-version.ts'

/** restic; undefined where it is not installed. */
export function restic(root: string): Contestant | undefined {
  const version = programVersion('restic', 'version')
  if (version === undefined) return undefined
  const folder = join(root, 'restic')
  const repository = join(folder, 'repository')
  const command = (...args: string[]): Command => ({
    argv: ['restic', '--quiet', ...args],
    environment: {
      RESTIC_PASSWORD: PASSWORD,
      RESTIC_CACHE_DIR: join(folder, 'cache'),
      RESTIC_REPOSITORY: repository,
    },
  })
  const restore = (target: string): Command => command('restore', 'latest', '--target', target)
  return {
    name: 'restic',
    kind: 'peer',
    version,
    folder,
    repository,
    location: repository,
    commands: {
      version: { argv: ['restic', 'version'] },
      help: { argv: ['restic', '--help'] },
      init: command('init'),
      snapshot: (source) => command('backup', source),
      snapshotAgain: (source) => command('backup', source),
      reread: (source) => command('backup', '--force', source),
      restore,
      restoreOver: restore,
      check: command('check', '--read-data'),
      list: command('snapshots'),
      snapshots: () => (JSON.parse(outputOf(command('snapshots', '--json'))) as { id: string }[]).map(({ id }) => id),
      prune: (names) => command('forget', '--prune', ...names),
    },
  }
}
