import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describeError, isVarveError, systemErrorCode, VarveError } from '@varve/platform'
import { incrementOf } from './decode-increment.ts'
import { isIncrementName, timeOfName } from './increment-name.ts'
import { lookAt } from './look-at.ts'
import type { LoadedIncrement } from './loaded-increment.ts'
import { metadataName } from './metadata-format.ts'
import { readOriginal } from './original-metadata.ts'
import { damagedMetadata, parseMetadata } from './parse-metadata.ts'
import { readNames } from './read-names.ts'
import { withFile } from './read-file.ts'

/**
 * Loads what an increment's metadata says, whoever wrote it.
 *
 * @param folder - absolute path of the increment's folder
 * @throws ERR_VARVE_NOT_FOUND where the folder or its metadata is not there; ERR_VARVE_DAMAGED; ERR_VARVE_FORMAT; ERR_VARVE_STORAGE where the file system fails;
 *   ERR_VARVE_TOO_LARGE
 */
export async function loadIncrement(folder: string): Promise<LoadedIncrement> {
  const name = basename(folder)
  const path = metadataPath(folder)
  const what = `the metadata of '${name}'`
  const raw = parseMetadata(await readMetadata(path, name), what)
  const original = readOriginal(raw, what)
  if (original !== undefined) {
    const time = original.time ?? timeOfName(name)
    if (time === undefined) throw damagedMetadata(what, 'it does not say when it was made')
    return { origin: 'original', name, folder, time, files: original.files }
  }
  const increment = incrementOf(raw, what)
  const origin = increment.recreatedAt === undefined ? 'varve' : 'recreated'
  return { origin, name, folder, time: increment.time, increment }
}

/**
 * Where the metadata of an increment is: in its folder, under the folder's name, or, where the folder was given another one, under the only name that an increment's metadata
 * can have.
 *
 * @param folder - absolute path of the increment's folder
 * @throws ERR_VARVE_STORAGE
 */
export function metadataPath(folder: string): string {
  const own = join(folder, metadataName(basename(folder)))
  if (lookAt(own) !== undefined) return own
  const others = readNames(folder).filter((name) => name.endsWith('.json') && isIncrementName(name.slice(0, -5)))
  return others.length === 1 && others[0] !== undefined ? join(folder, others[0]) : own
}

async function readMetadata(path: string, name: string): Promise<Buffer> {
  try {
    return await withFile(path, (fd) => readFileSync(fd))
  } catch (error) {
    if (isVarveError(error)) throw error
    if (systemErrorCode(error) === 'ENOENT') {
      throw new VarveError('ERR_VARVE_NOT_FOUND', `'${name}' has no metadata`, {
        hint: 'rebuild it from the files with `varve mirror recreate`',
        cause: error,
      })
    }
    throw new VarveError('ERR_VARVE_STORAGE', `cannot read the metadata of '${name}': ${describeError(error)}`, {
      cause: error,
    })
  }
}
