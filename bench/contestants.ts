import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import type { Command } from './measured-run.ts'

/** A backup program set up on a repository of its own. */
export interface Contestant {
  readonly name: string
  /** What it stores into. */
  readonly repository: string
  readonly init: Command
  readonly snapshot: (source: string) => Command
  /** Reads every file again although nothing changed. */
  readonly force: (source: string) => Command
  readonly restore: (target: string) => Command
  readonly checkData: Command
}

const PASSWORD = 'benchmark'

/** Whether a program is there. */
function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined
}

/** The contestants that this machine has, each with an empty place below `root`. */
export function contestants(root: string): Contestant[] {
  const all = [varve(root, 'directory'), varve(root, 'sqlite')]
  if (isInstalled('restic')) all.push(restic(root))
  if (isInstalled('rustic')) all.push(rustic(root))
  if (isInstalled('borg')) all.push(borg(root))
  return all
}

function varve(root: string, storage: 'directory' | 'sqlite'): Contestant {
  const repository = join(root, storage === 'sqlite' ? 'varve.db' : 'varve')
  const bin = fileURLToPath(new URL('../packages/cli/bin/varve.js', import.meta.url))
  const environment = { VARVE_PASSWORD: PASSWORD }
  const command = (...args: string[]): Command => ({
    argv: [process.execPath, bin, '--repo', repository, ...args],
    environment,
  })
  return {
    name: `varve (${storage})`,
    repository,
    init: command('init'),
    snapshot: (source) => command('snapshot', source),
    force: (source) => command('snapshot', '--force', source),
    restore: (target) => command('restore', 'latest', '--target', target),
    checkData: command('check', '--read-data'),
  }
}

function restic(root: string): Contestant {
  const repository = join(root, 'restic')
  const environment = {
    RESTIC_PASSWORD: PASSWORD,
    RESTIC_CACHE_DIR: join(root, 'restic-cache'),
    RESTIC_REPOSITORY: repository,
  }
  const command = (...args: string[]): Command => ({ argv: ['restic', '--quiet', ...args], environment })
  return {
    name: 'restic',
    repository,
    init: command('init'),
    snapshot: (source) => command('backup', source),
    force: (source) => command('backup', '--force', source),
    restore: (target) => command('restore', 'latest', '--target', target),
    checkData: command('check', '--read-data'),
  }
}

function rustic(root: string): Contestant {
  const repository = join(root, 'rustic')
  const environment = {
    RUSTIC_PASSWORD: PASSWORD,
    RUSTIC_CACHE_DIR: join(root, 'rustic-cache'),
    RUSTIC_REPOSITORY: repository,
  }
  const command = (...args: string[]): Command => ({
    argv: ['rustic', '--no-progress', '--log-level', 'error', ...args],
    environment,
  })
  return {
    name: 'rustic',
    repository,
    init: command('init'),
    snapshot: (source) => command('backup', source),
    force: (source) => command('backup', '--force', source),
    restore: (target) => command('restore', 'latest', target),
    checkData: command('check', '--read-data'),
  }
}

function borg(root: string): Contestant {
  const repository = join(root, 'borg')
  const environment = { BORG_PASSPHRASE: PASSWORD, BORG_BASE_DIR: join(root, 'borg-base'), BORG_REPO: repository }
  const command = (...args: string[]): Command => ({ argv: ['borg', ...args], environment })
  return {
    name: 'borg',
    repository,
    init: command('init', '--encryption', 'repokey'),
    snapshot: (source) => command('create', '--compression', 'zstd,3', '::{utcnow}', source),
    force: (source) => command('create', '--compression', 'zstd,3', '--files-cache', 'disabled', '::{utcnow}', source),
    restore: (target) => {
      mkdirSync(target, { recursive: true })
      const list = spawnSync('borg', ['list', '--short', '--last', '1'], {
        env: { ...process.env, ...environment },
        encoding: 'utf8',
      })
      return { ...command('extract', `::${list.stdout.trim()}`), folder: target }
    },
    checkData: command('check', '--verify-data'),
  }
}
