import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'

/**
 * A folder that is made once and kept. It has its name only when it is complete: one whose making was interrupted is made anew.
 * @throws what `fill` throws
 */
export function cachedFolder(folder: string, fill: (temporary: string) => void): string {
  if (existsSync(folder)) return folder
  const temporary = `${folder}.part`
  rmSync(temporary, { recursive: true, force: true })
  mkdirSync(temporary, { recursive: true })
  fill(temporary)
  renameSync(temporary, folder)
  return folder
}
