import { mkdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Command } from '../measured-run.ts'
import type { Contestant } from './contestant.ts'
import { programVersion } from './program-version.ts'

/** What copies without making a backup, as far as it is installed. Nothing here encrypts, and nothing waits for the disk. */
export function yardsticks(root: string): Contestant[] {
  return [copy(root), rsync(root), tar(root)].filter((each) => each !== undefined)
}

function copy(root: string): Contestant | undefined {
  const version = programVersion('cp')
  if (version === undefined) return undefined
  const { folder, repository } = place(root, 'cp')
  return {
    name: 'cp -a',
    kind: 'yardstick',
    version,
    folder,
    repository,
    commands: {
      snapshot: (source) => ({ argv: ['cp', '-a', source, repository] }),
      restore: (target, source) => ({ argv: ['cp', '-a', repository, madeParent(target, source)] }),
    },
  }
}

function rsync(root: string): Contestant | undefined {
  const version = programVersion('rsync')
  if (version === undefined) return undefined
  const { folder, repository } = place(root, 'rsync')
  return {
    name: 'rsync -a',
    kind: 'yardstick',
    version,
    folder,
    repository,
    commands: {
      snapshot: (source) => sync(source, repository),
      snapshotAgain: (source) => sync(source, repository),
      reread: (source) => sync(source, repository, '--checksum'),
      restore: (target, source) => sync(repository, madeParent(target, source)),
      restoreOver: (target, source) => sync(repository, join(target, source), '--checksum'),
      restoreOverByTime: (target, source) => sync(repository, join(target, source)),
    },
  }
}

function sync(from: string, to: string, ...options: string[]): Command {
  return { argv: ['rsync', '-a', '--delete', ...options, `${from}/`, `${to}/`] }
}

function tar(root: string): Contestant | undefined {
  const version = programVersion('tar')
  if (version === undefined || programVersion('zstd') === undefined) return undefined
  const { folder, repository } = place(root, 'tar')
  return {
    name: 'tar + zstd',
    kind: 'yardstick',
    version,
    folder,
    repository,
    commands: {
      snapshot: (source) => ({
        argv: ['tar', '-I', 'zstd -3 -T0', '-cf', repository, '-C', dirname(source), basename(source)],
      }),
      restore: (target, source) => ({
        argv: ['tar', '-I', 'zstd', '-xf', repository, '-C', dirname(madeParent(target, source))],
      }),
    },
  }
}

function place(root: string, name: string): { readonly folder: string; readonly repository: string } {
  const folder = join(root, name)
  return { folder, repository: join(folder, 'copy') }
}

/** Where a source goes below a target; the folder above it is there. */
function madeParent(target: string, source: string): string {
  const path = join(target, source)
  mkdirSync(dirname(path), { recursive: true })
  return path
}
