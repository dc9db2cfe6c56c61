import { readFileSync, statSync } from 'node:fs'
import { posix } from 'node:path'
import { nameFromBytes, toFsPath } from '@varve/platform/file-name'

/**
 * The folder in which git keeps what all work trees of a repository share, for the folder at the top of a work tree (gitrepository-layout(5));
 * undefined where the folder is not the top of one.
 *
 * @param folder - absolute path
 */
export function gitFolder(folder: string): string | undefined {
  const dotGit = posix.join(folder, '.git')
  if (exists(posix.join(dotGit, 'HEAD'))) return common(dotGit)
  const target = /^gitdir: ([^\n]+)/.exec(readText(dotGit))?.[1]
  if (target === undefined) return undefined
  const actual = posix.resolve(folder, target)
  return exists(posix.join(actual, 'HEAD')) ? common(actual) : undefined
}

/** A further work tree's own folder names the shared one. */
function common(folder: string): string {
  const shared = readText(posix.join(folder, 'commondir')).trimEnd()
  return shared === '' ? folder : posix.resolve(folder, shared)
}

function exists(path: string): boolean {
  try {
    return statSync(toFsPath(path), { throwIfNoEntry: false }) !== undefined
  } catch {
    // What cannot be looked at is of no use to git either.
    return false
  }
}

function readText(path: string): string {
  try {
    return nameFromBytes(readFileSync(toFsPath(path)))
  } catch {
    return ''
  }
}
