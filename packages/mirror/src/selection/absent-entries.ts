import { lstatSync } from 'node:fs'
import { toFsPath } from '@varve/platform/file-name'
import type { MirrorConfig } from '../config/mirror-config.ts'
import { Selection } from './selection.ts'

/**
 * What a configuration names without wildcards to be mirrored, and the source does not have: most likely somebody mistyped it. Nothing where the source
 * itself is missing or cannot be looked at, as that is a failure of its own.
 *
 * @returns paths relative to the source
 */
export function absentEntries({ source, rules }: Pick<MirrorConfig, 'source' | 'rules'>): readonly string[] {
  const { expectedFolders, expectedFiles } = new Selection(rules)
  const isAbsent = (path: string): boolean => {
    try {
      return lstatSync(toFsPath(`${source}/${path}`), { throwIfNoEntry: false }) === undefined
    } catch {
      return false
    }
  }
  return isAbsent('') ? [] : [...expectedFolders, ...expectedFiles].filter(isAbsent)
}
