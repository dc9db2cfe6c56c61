import { accessSync, constants, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** In memory, where the system has a place for that: flushing costs nothing there. */
const FAST_FOLDER = '/dev/shm'

/** An empty folder that is removed when the test ends. */
export function crashScratch(): string {
  const folder = realpathSync(mkdtempSync(join(isWritable(FAST_FOLDER) ? FAST_FOLDER : tmpdir(), 'varve-crash-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}
