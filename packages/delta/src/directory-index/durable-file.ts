import { randomBytes } from 'node:crypto'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { describeError, systemErrorCode, VarveError } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'

/** What file systems answer that have no way to flush this; what they hold is as durable as they make it. */
const CANNOT_FLUSH: ReadonlySet<string | undefined> = new Set(['EINVAL', 'ENOTSUP', 'ENOTTY', 'EISDIR', 'EPERM'])

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

/**
 * Makes durable what was written to a file or folder, where its file system can.
 * @throws a system error
 */
export async function flush(handle: FileHandle): Promise<void> {
  try {
    await handle.sync()
  } catch (error) {
    if (!CANNOT_FLUSH.has(systemErrorCode(error))) throw error
  }
}

/**
 * Makes durable which names a folder holds, where its file system can.
 * @throws a system error
 */
export async function flushFolder(path: string): Promise<void> {
  let folder
  try {
    folder = await open(toFsPath(path), 'r')
  } catch (error) {
    if (CANNOT_FLUSH.has(systemErrorCode(error))) return
    throw error
  }
  try {
    await flush(folder)
  } finally {
    await folder.close()
  }
}
