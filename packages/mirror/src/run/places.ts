import { lstatSync, mkdirSync, statSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import { describeError, systemErrorCode, VarveError } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import type { FileSteps } from '../disk/file-steps.ts'
import type { MirrorLayout } from '../state/mirror-layout.ts'

/** @throws ERR_VARVE_SOURCE where the source is no folder */
export function requireSource(source: string): void {
  let stats: Stats
  try {
    stats = statSync(toFsPath(source))
  } catch (error) {
    throw sourceFailure(source, error)
  }
  if (!stats.isDirectory()) throw new VarveError('ERR_VARVE_SOURCE', `'${source}' is no folder`)
}

/** ERR_VARVE_SOURCE for errors of the system; any other error is left as it is. */
export function sourceFailure(source: string, error: unknown): unknown {
  if (systemErrorCode(error) === undefined) return error
  return new VarveError('ERR_VARVE_SOURCE', `cannot read '${source}': ${describeError(error)}`, {
    hint: 'see that it is there, and mounted; the mirror stays as it is',
    cause: error,
  })
}

/** ERR_VARVE_STORAGE for errors of the system; any other error is left as it is. @param what - what failed, without why */
export function storageFailure(what: string, error: unknown): unknown {
  if (systemErrorCode(error) === undefined) return error
  return new VarveError('ERR_VARVE_STORAGE', `${what}: ${describeError(error)}`, { cause: error })
}

/**
 * Makes the folders that a destination needs, but none around it: where that is missing, a drive is not mounted as a rule, and the disk below would fill.
 * @throws ERR_VARVE_TARGET where something else lies in their place, or the folder around the destination is missing; the system's error
 */
export function prepareDestination({ destination, own, mirror }: MirrorLayout): void {
  if (lstatSync(toFsPath(destination), { throwIfNoEntry: false }) === undefined) makeDestination(destination)
  for (const folder of [own, mirror]) {
    const stats = lstatSync(toFsPath(folder), { throwIfNoEntry: false })
    if (stats === undefined) mkdirSync(toFsPath(folder), { mode: 0o700 })
    else if (!stats.isDirectory()) {
      throw new VarveError('ERR_VARVE_TARGET', `'${folder}' is no folder`, {
        hint: 'choose another destination, or move it away',
      })
    }
  }
}

function makeDestination(destination: string): void {
  try {
    mkdirSync(toFsPath(destination))
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error
    throw new VarveError(
      'ERR_VARVE_TARGET',
      `there is no folder '${dirname(destination)}' to make '${destination}' in`,
      {
        hint: 'see that its drive is mounted, or make that folder',
        cause: error,
      },
    )
  }
}

/** Whether a destination takes names that differ in case for the same. */
export function foldsNames({ destination, own }: MirrorLayout, steps: FileSteps): boolean {
  const same = steps.stat(own)
  const other = steps.stat(`${destination}/${own.slice(own.lastIndexOf('/') + 1).toUpperCase()}`)
  return same !== undefined && other !== undefined && same.ino === other.ino && same.dev === other.dev
}
