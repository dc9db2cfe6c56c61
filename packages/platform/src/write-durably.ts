import { randomBytes } from 'node:crypto'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { flush, flushFolder } from './durable-folder.ts'
import { describeError, systemErrorCode, VarveError } from './errors.ts'
import { toFsPath } from './file-name.ts'

/**
 * Makes a file, or replaces it, with all its bytes or not at all, and makes that durable: writes beside it, flushes, renames, flushes the folder.
 * What was written beside is removed when this fails, and stays only if the process dies.
 *
 * @param path - of the file; its folder has to be there
 * @param write - writes the bytes
 * @throws ERR_VARVE_STORAGE where the file system fails; what `write` throws
 */
export async function writeDurably<T>(path: string, write: (file: FileHandle) => Promise<T>): Promise<T> {
  const temporary = `${path}-tmp-${randomBytes(8).toString('hex')}`
  try {
    const file = await open(toFsPath(temporary), 'wx', 0o666)
    let result
    try {
      result = await write(file)
      await flush(file)
    } finally {
      await file.close()
    }
    await rename(toFsPath(temporary), toFsPath(path))
    await flushFolder(dirname(path))
    return result
  } catch (error) {
    // The first failure is the one to report.
    await rm(toFsPath(temporary), { force: true }).catch(() => undefined)
    if (systemErrorCode(error) === undefined) throw error
    throw new VarveError('ERR_VARVE_STORAGE', `cannot write '${path}': ${describeError(error)}`, { cause: error })
  }
}
