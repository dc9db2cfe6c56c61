import { lstatSync, readdirSync } from 'node:fs'
import { nameFromBytes, toFsPath } from '@varve/platform/file-name'
import type { Rules } from '../../../src/snapshot/rules/rules.ts'

/** The paths of all that a walk keeps below a source, a folder, asking the rules as a snapshot does; sorted, each folder before its entries. */
export function keptBelow(source: string, rules: Rules): readonly string[] {
  const kept: string[] = []
  const walk = (folder: string): void => {
    const names = readdirSync(toFsPath(folder), { encoding: 'buffer' }).map((name) => nameFromBytes(name))
    const stats = lstatSync(toFsPath(folder), { bigint: true })
    for (const name of rules.enterFolder(folder, names.toSorted(), stats)) {
      const path = `${folder}/${name}`
      if (rules.excludesPath(path)) continue
      const entry = lstatSync(toFsPath(path), { bigint: true })
      if (rules.excludes(path, entry, false)) continue
      kept.push(path)
      if (entry.isDirectory()) walk(path)
    }
    rules.leaveFolder(folder)
  }
  walk(source)
  return kept
}
