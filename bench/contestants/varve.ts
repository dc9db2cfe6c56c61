import { join } from 'node:path'
import { outputOf, type Command } from '../measured-run.ts'
import { PASSWORD, type Contestant } from './contestant.ts'

/**
 * Varve as users have it.
 * @param program - the installed command, run by the Node that runs this
 */
export function varve(root: string, program: string, storage: 'directory' | 'sqlite'): Contestant {
  const folder = join(root, `varve-${storage}`)
  // A database may have files beside it.
  const repository = storage === 'sqlite' ? folder : join(folder, 'repository')
  const location = storage === 'sqlite' ? `sqlite:${join(folder, 'varve.db')}` : repository
  const command = (...args: string[]): Command => ({
    argv: [process.execPath, program, ...args],
    environment: { VARVE_PASSWORD: PASSWORD, VARVE_REPOSITORY: location },
  })
  const restore = (target: string): Command => command('restore', 'latest', '--target', target)
  const version = command('--version')
  return {
    name: `varve (${storage})`,
    kind: 'varve',
    version: outputOf(version)
      .replace(/^varve /, '')
      .trim(),
    folder,
    repository,
    location,
    commands: {
      version,
      help: command('--help'),
      init: command('init'),
      snapshot: (source) => command('snapshot', source),
      snapshotAgain: (source) => command('snapshot', source),
      reread: (source) => command('snapshot', '--force', source),
      restore,
      restoreOver: restore,
      restoreOverByTime: (target) => command('restore', 'latest', '--target', target, '--overwrite', 'if-changed'),
      check: command('check', '--read-data'),
      list: command('list'),
      snapshots: () => (JSON.parse(outputOf(command('list', '--json'))) as { id: string }[]).map(({ id }) => id),
      prune: (names) => command('prune', ...names),
    },
  }
}
