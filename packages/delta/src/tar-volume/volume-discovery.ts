import { join, resolve } from 'node:path'
import { describeError, VarveError } from '@varve/platform/errors'
import { compressionOf } from './volume-stream.ts'
import { indexName, namesIn, parseVolumeName, volumeName } from './volume-name.ts'
import type { VolumePath } from './volume-scan.ts'

/**
 * Finds the volumes of a key in a folder, in the order of their numbers.
 * @throws ERR_VARVE_NOT_FOUND where there is none, or one is missing in between; ERR_VARVE_DAMAGED where two have the same number;
 *   ERR_VARVE_STORAGE
 */
export async function findVolumes(folder: string, key: string): Promise<readonly VolumePath[]> {
  const found = (await listed(folder))
    .map((name) => ({ name, parsed: parseVolumeName(name) }))
    .filter(({ parsed }) => parsed?.key === key)
    .map(({ name, parsed }) => ({ path: join(resolve(folder), name), number: parsed?.number ?? 0 }))
    .toSorted((a, b) => a.number - b.number)
  const [first] = found
  if (first === undefined) {
    throw new VarveError('ERR_VARVE_NOT_FOUND', `there is no volume of '${key}' in '${folder}'`)
  }
  // The first volume is number 1; that of other programs may be 0.
  let expected = Math.min(first.number, 1)
  for (const { number, path } of found) {
    if (number === expected - 1) throw new VarveError('ERR_VARVE_DAMAGED', `'${path}' is not the only volume ${number}`)
    if (number !== expected) {
      const missing = volumeName(key, expected, await compressionOf(path))
      throw new VarveError('ERR_VARVE_NOT_FOUND', `the volume '${join(folder, missing)}' is missing`)
    }
    expected++
  }
  return found
}

/** The keys of the sets of volumes in a folder, in order. @throws ERR_VARVE_STORAGE */
export async function findKeys(folder: string): Promise<readonly string[]> {
  const names = await listed(folder)
  const suffix = indexName('')
  const keys = names.map((name) =>
    name.endsWith(suffix) ? name.slice(0, -suffix.length) : (parseVolumeName(name)?.key ?? ''),
  )
  return [...new Set(keys)].filter((key) => key !== '').toSorted()
}

async function listed(folder: string): Promise<readonly string[]> {
  try {
    return await namesIn(folder)
  } catch (error) {
    throw new VarveError('ERR_VARVE_STORAGE', `cannot read '${folder}': ${describeError(error)}`, { cause: error })
  }
}
