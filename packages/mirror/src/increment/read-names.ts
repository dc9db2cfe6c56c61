import { readdirSync } from 'node:fs'
import { compareNames, describeError, nameFromBytes, systemErrorCode, toFsPath, VarveError } from '@varve/platform'

/**
 * Names in a folder, in the order of their bytes; none where the folder is not there.
 * @throws ERR_VARVE_STORAGE
 */
export function readNames(folder: string): readonly string[] {
  try {
    const names = readdirSync(toFsPath(folder), { encoding: 'buffer' }).map((bytes) => nameFromBytes(bytes))
    return names.toSorted(compareNames)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return []
    throw new VarveError('ERR_VARVE_STORAGE', `cannot read '${folder}': ${describeError(error)}`, { cause: error })
  }
}
