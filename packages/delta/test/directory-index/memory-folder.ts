import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { scratchFolder } from '../../../../test/scratch-folder.ts'

/** Where Linux keeps files in memory. */
const MEMORY = '/dev/shm'

/** As `scratchFolder`, where possible on a file system in memory: flushing takes no time there, for tests that do it thousands of times. */
export function memoryFolder(): string {
  if (!existsSync(MEMORY)) return scratchFolder()
  const folder = mkdtempSync(join(MEMORY, 'varve-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
