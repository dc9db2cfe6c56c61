import { copyFileSync, constants, linkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { toFsPath } from '@varve/platform'
import { readNames } from '../increment/read-names.ts'

const NAME = /^replaced-metadata-(\d{1,9})\.json$/

/** Whether a name in an increment's folder is that of metadata which `recreate` replaced. */
export function isReplacedMetadata(name: string): boolean {
  return NAME.test(name)
}

/**
 * Keeps metadata that is about to be replaced under another name beside it: it may know what no file tells. What is there stays there.
 *
 * @param path - absolute path of the metadata
 * @throws the system's error
 */
export function keepMetadata(path: string): void {
  const folder = dirname(path)
  const numbers = readNames(folder).map((name) => Number(NAME.exec(name)?.[1] ?? 0))
  const kept = join(folder, `replaced-metadata-${Math.max(0, ...numbers) + 1}.json`)
  try {
    linkSync(toFsPath(path), toFsPath(kept))
  } catch {
    // Not every file system can link.
    copyFileSync(toFsPath(path), toFsPath(kept), constants.COPYFILE_EXCL)
  }
}
