import { mkdir, open, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemErrorCode } from './errors.ts'
import { toFsPath } from './file-name.ts'

/** What file systems answer that have no way to flush this; what they hold is as durable as they make it. */
const CANNOT_FLUSH: ReadonlySet<string | undefined> = new Set(['EINVAL', 'ENOTSUP', 'ENOTTY', 'EISDIR', 'EPERM'])

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

/** As {@link flushFolder}, for a folder that may be somebody else's, whom its names concern then. @throws a system error */
export async function flushReadableFolder(path: string): Promise<void> {
  try {
    await flushFolder(path)
  } catch (error) {
    if (systemErrorCode(error) !== 'EACCES') throw error
  }
}

/**
 * Makes a folder, and those above it, where they are missing, durably.
 *
 * @param path - absolute
 * @param mode - permissions of what is made
 * @throws a system error
 */
export async function makeFolder(path: string, mode: number): Promise<void> {
  const first = await mkdir(toFsPath(path), { recursive: true, mode })
  // Who made it may have been killed before it was durable.
  if (first === undefined) return await flushReadableFolder(dirname(path))
  const top = dirname(first)
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    await flushFolder(folder)
    if (folder === top || folder === dirname(folder)) return
  }
}
