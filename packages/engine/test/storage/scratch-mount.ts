import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from './temporary-folder.ts'

/** Why file systems cannot be mounted here, for tests that need a small or read-only one; undefined where they can. */
export const mountsMissing: string | undefined = findOut()

if (mountsMissing !== undefined) process.stderr.write(`skipped: full and read-only disks, ${mountsMissing}\n`)

/** A small file system in memory, gone when the test is over. `size` as mount takes it: `8m`. */
export async function mountScratch(size: string): Promise<string> {
  const folder = await temporaryFolder()
  mount(folder, size)
  onTestFinished(() => unmount(folder))
  return folder
}

/** Makes a file system from {@link mountScratch} read-only. */
export function makeReadOnly(folder: string): void {
  execFileSync('mount', ['-o', 'remount,ro', folder], { stdio: 'pipe' })
}

function mount(folder: string, size: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'scratch', folder], { stdio: 'pipe' })
}

function unmount(folder: string): void {
  execFileSync('umount', ['--lazy', folder], { stdio: 'pipe' })
}

function findOut(): string | undefined {
  if (process.platform !== 'linux') return 'which takes Linux'
  const folder = mkdtempSync(join(tmpdir(), 'varve-mount-'))
  try {
    mount(folder, '1m')
    unmount(folder)
    return undefined
  } catch {
    return 'which takes the right to mount'
  } finally {
    rmSync(folder, { recursive: true })
  }
}
