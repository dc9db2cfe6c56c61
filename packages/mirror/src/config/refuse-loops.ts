import { realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { nameFromBytes, toFsPath } from '@varve/platform/file-name'
import { systemErrorCode } from '@varve/platform/errors'
import type { MirrorConfig } from './mirror-config.ts'
import { configError } from './parse-config.ts'

/**
 * Refuses a destination that lies in the source, is the source, or holds it: the mirror would mirror itself, or be in the way of what is mirrored. Links
 * on the way and different spellings of a folder do not hide that.
 * @throws ERR_VARVE_CONFIG
 */
export function refuseLoops({ source, destination }: MirrorConfig): void {
  const hint = 'choose folders of which none lies in the other'
  const [realSource, realDestination] = [realPath(source), realPath(destination)]
  if (isWithin(realDestination, realSource)) {
    throw configError(`the destination '${destination}' lies in the source '${source}'`, hint)
  }
  if (isWithin(realSource, realDestination)) {
    throw configError(`the source '${source}' lies in the destination '${destination}'`, hint)
  }
}

/** The path without links, as far as it exists. */
function realPath(path: string): string {
  try {
    return nameFromBytes(realpathSync(toFsPath(path), { encoding: 'buffer' }))
  } catch {
    const parent = dirname(path)
    return parent === path ? path : join(realPath(parent), path.slice(parent === '/' ? 1 : parent.length + 1))
  }
}

/** Whether a folder is the other one or lies in it, by paths or by what they lead to. */
function isWithin(path: string, folder: string): boolean {
  const wanted = identity(folder)
  for (let at = path; ; at = dirname(at)) {
    if (at === folder || (wanted !== undefined && identity(at) === wanted)) return true
    if (at === dirname(at)) return false
  }
}

/** What is the same for one folder under all its names. */
function identity(folder: string): string | undefined {
  try {
    const { dev, ino } = statSync(toFsPath(folder), { bigint: true })
    return ino === 0n ? undefined : `${dev}:${ino}`
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    return undefined
  }
}
