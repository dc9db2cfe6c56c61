import { readdir, stat } from 'node:fs/promises'
import { systemErrorCode } from '@varve/engine'

/**
 * Whether there is nothing at a repository's location, or just an empty file or folder, so that a repository can be made there.
 *
 * @param location - as the engine's `openStorage` takes it
 */
export async function isNothingAt(location: string): Promise<boolean> {
  const path = location.replace(/^(?:sqlite|local):/i, '')
  try {
    const stats = await stat(path)
    return stats.isDirectory() ? (await readdir(path)).length === 0 : stats.isFile() && stats.size === 0
  } catch (error) {
    return systemErrorCode(error) === 'ENOENT'
  }
}
