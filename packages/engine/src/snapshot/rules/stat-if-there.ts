import { type BigIntStats, lstatSync } from 'node:fs'
import { toFsPath } from '@varve/platform/file-name'

/** What `lstat` gives for a path; undefined where there is nothing, or nothing that may be looked at. */
export function statIfThere(path: string): BigIntStats | undefined {
  try {
    return lstatSync(toFsPath(path), { bigint: true, throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
