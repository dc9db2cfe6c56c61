import { readdirSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { describeError, systemErrorCode, VarveError } from '@varve/platform/errors'
import { nameFromBytes, toFsPath } from '@varve/platform/file-name'

/** A folder to restore into. */
export interface TargetFolder {
  /** Absolute, without symbolic links as far as it exists. */
  readonly path: string
  readonly exists: boolean
}

/**
 * Finds out what a target's name means. Symbolic links on the way to the target are the user's and are followed, once, here; below the target
 * none is.
 *
 * @throws ERR_VARVE_TARGET where it is no folder, or cannot be looked at
 */
export function resolveTarget(target: string): TargetFolder {
  const path = resolve(target)
  try {
    const stats = statSync(toFsPath(path), { throwIfNoEntry: false })
    if (stats === undefined) {
      const parent = dirname(path)
      if (parent === path) throw new VarveError('ERR_VARVE_TARGET', `there is no '${path}'`)
      return { path: join(resolveTarget(parent).path, basename(path)), exists: false }
    }
    if (!stats.isDirectory()) throw new VarveError('ERR_VARVE_TARGET', `'${path}' is not a folder`)
    return { path: realPath(path), exists: true }
  } catch (error) {
    if (error instanceof VarveError) throw error
    const message =
      systemErrorCode(error) === 'ENOTDIR' ? `'${path}' lies in something that is not a folder` : describeError(error)
    throw new VarveError('ERR_VARVE_TARGET', `cannot restore into '${path}': ${message}`, { cause: error })
  }
}

/** Whether a target certainly has nothing in it. */
export function isVacant({ path, exists }: TargetFolder): boolean {
  if (!exists) return true
  try {
    return readdirSync(toFsPath(path)).length === 0
  } catch {
    return false
  }
}

/** A path without symbolic links in it. Throws the system's error. */
export function realPath(path: string): string {
  return nameFromBytes(realpathSync(toFsPath(path), { encoding: 'buffer' }))
}
