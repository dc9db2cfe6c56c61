import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { outputOf, type Command } from '../measured-run.ts'
import { PASSWORD, type Contestant } from './contestant.ts'
import { programVersion } from './program-version.ts'

/** borg; undefined where it is not installed. */
export function borg(root: string): Contestant | undefined {
  const version = programVersion('borg')
  if (version === undefined) return undefined
  const folder = join(root, 'borg')
  const repository = join(folder, 'repository')
  const environment = { BORG_PASSPHRASE: PASSWORD, BORG_BASE_DIR: join(folder, 'base'), BORG_REPO: repository }
  const command = (...args: string[]): Command => ({ argv: ['borg', ...args], environment })
  const names = (): readonly string[] => outputOf(command('list', '--short')).split('\n').slice(0, -1)
  // It names archives by the second, at best: two could bear one name.
  let made = 0
  const create = (source: string, ...options: string[]): Command =>
    command('create', '--compression', 'zstd,3', ...options, `::archive-${++made}`, source)
  const restore = (target: string): Command => {
    mkdirSync(target, { recursive: true })
    return { ...command('extract', `::${names().at(-1)}`), folder: target }
  }
  return {
    name: 'borg',
    kind: 'peer',
    version,
    folder,
    repository,
    commands: {
      version: { argv: ['borg', '--version'] },
      help: { argv: ['borg', '--help'] },
      init: command('init', '--encryption', 'repokey'),
      snapshot: (source) => create(source),
      snapshotAgain: (source) => create(source),
      reread: (source) => create(source, '--files-cache', 'disabled'),
      restore,
      restoreOver: restore,
      check: command('check', '--verify-data'),
      list: command('list'),
      snapshots: names,
      prune: (removed) => ({
        argv: ['sh', '-c', 'first=$1 && shift && borg delete "::$first" "$@" && borg compact', 'sh', ...removed],
        environment,
      }),
    },
  }
}
