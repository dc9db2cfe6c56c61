import { readdir } from 'node:fs/promises'
import { systemErrorCode, VarveError } from '@varve/platform/errors'
import { typeFolder } from './directory-layout.ts'
import { systemFailure } from './storage-failure.ts'
import { LISTED_FILE_TYPES } from './storage.ts'

const CREATE_FIRST = 'check the path, or create a repository there first'

/**
 * Why a folder without a config is no repository: it is missing, a file, empty, something else, or a repository that lost its config.
 *
 * @param path - as the user wrote it
 * @param cause - what reading the config failed with
 * @returns ERR_VARVE_NO_REPOSITORY, or ERR_VARVE_STORAGE where the folder cannot be looked into
 */
export async function explainMissingDirectory(path: string, cause: unknown): Promise<VarveError> {
  let names
  try {
    names = await readdir(path)
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOENT') return noRepository(`'${path}' does not exist`, CREATE_FIRST, cause)
    if (code === 'ENOTDIR') {
      return noRepository(`'${path}' is a file, where a repository would be a folder`, CREATE_FIRST, cause)
    }
    return systemFailure(`open the repository '${path}'`, path, error)
  }
  if (names.length === 0) {
    return noRepository(`'${path}' is an empty folder, not a repository`, CREATE_FIRST, cause)
  }
  const present = new Set(names)
  if (LISTED_FILE_TYPES.every((type) => present.has(typeFolder('', type)))) {
    return noRepository(
      `'${path}' has the folders of a repository, but its config is missing`,
      'if creating it was interrupted, create it again; if it held snapshots, put the file "config" back from a copy',
      cause,
    )
  }
  return noRepository(
    `'${path}' is a folder, but not a repository: it holds no file "config"`,
    'name the folder that holds config, data, index, keys, locks and snapshots, or create a repository in an empty folder',
    cause,
  )
}

function noRepository(message: string, hint: string, cause: unknown): VarveError {
  return new VarveError('ERR_VARVE_NO_REPOSITORY', message, { hint, cause })
}
