import { realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { describeError, systemErrorCode, VarveError } from '@varve/platform/errors'
import { nameFromBytes, toFsPath } from '@varve/platform/file-name'
import type { FileSteps } from './file-steps.ts'
import type { WorkFolder } from './work-folder.ts'

/**
 * Where a directory lies, absolute and without symbolic links in it. It may be missing, but not the folder that it lies in.
 * @throws ERR_VARVE_TARGET
 */
export function resolveTarget(target: string): string {
  const path = resolve(target)
  try {
    if (statSync(toFsPath(path), { throwIfNoEntry: false }) === undefined)
      return join(realPath(dirname(path)), basename(path))
    return realPath(path)
  } catch (error) {
    throw targetFailure(target, error)
  }
}

function realPath(path: string): string {
  return nameFromBytes(realpathSync(toFsPath(path), { encoding: 'buffer' }))
}

/**
 * Entries can only be renamed within one file system.
 * @throws ERR_VARVE_TARGET where the work folder would lie on another one than the directory
 */
export function requireSameFileSystem(work: WorkFolder, steps: FileSteps): void {
  const target = steps.stat(work.target)
  if (target === undefined || target.dev === steps.stat(dirname(work.target))?.dev) return
  throw new VarveError(
    'ERR_VARVE_TARGET',
    `'${work.target}' is a file system of its own: nothing can be prepared beside it`,
    {
      hint: 'apply the archive to a folder in it',
    },
  )
}

/** ERR_VARVE_TARGET for errors of the system; any other error is left as it is. */
export function targetFailure(target: string, error: unknown): unknown {
  if (systemErrorCode(error) === undefined) return error
  return new VarveError('ERR_VARVE_TARGET', `cannot apply changes to '${target}': ${describeError(error)}`, {
    cause: error,
  })
}
