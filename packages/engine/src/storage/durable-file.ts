import { randomBytes } from 'node:crypto'
import { chmod, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemErrorCode } from '@varve/platform/errors'
import { flush, flushFolder, writeAll } from '@varve/platform'

/** restic's left-overs are named alike: the final name, `-tmp-`, and something random. */
const TEMPORARY_NAME = /^(?:config|[0-9a-f]{64})-tmp-/

/** What systems answer that have no permissions to set, or none for us: the file is as good without. */
const CANNOT_CHMOD: ReadonlySet<string | undefined> = new Set(['EPERM', 'EACCES', 'ENOTSUP', 'ENOSYS'])

/** Whether a file of this name is one that {@link writeDurably}, or restic, was still writing. */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY_NAME.test(name)
}

/**
 * Gives a name its bytes, all or none of them, and makes that durable: writes beside it, flushes, renames, flushes the folder.
 * An existing file is replaced. The temporary file is removed when this fails, and stays only if the process dies.
 *
 * @param path - absolute
 * @param bytes - what the file is to hold
 * @param mode - permissions that the file has in the end
 * @param onWritten - called when the system has all bytes, which are not looked at again, and they are still to be flushed
 * @throws a system error; ENOENT where the folder is missing
 */
export async function writeDurably(
  path: string,
  bytes: Uint8Array,
  mode: number,
  onWritten?: () => void,
): Promise<void> {
  const temporary = `${path}-tmp-${randomBytes(8).toString('hex')}`
  const file = await open(temporary, 'wx', 0o600)
  try {
    try {
      await writeAll(file, bytes)
      onWritten?.()
      await flush(file)
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    // The first failure is the one to report.
    await rm(temporary, { force: true }).catch(() => undefined)
    throw error
  }
  await flushFolder(dirname(path))
  try {
    await chmod(path, mode)
  } catch (error) {
    if (!CANNOT_CHMOD.has(systemErrorCode(error))) throw error
  }
}
