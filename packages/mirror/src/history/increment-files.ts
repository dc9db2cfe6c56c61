import { readlinkSync, type BigIntStats } from 'node:fs'
import { nameFromBytes, toFsPath } from '@varve/platform'
import { CATEGORIES, type Category } from '../increment/metadata-format.ts'
import { readNames } from '../increment/read-names.ts'
import { lookAt } from '../increment/look-at.ts'

/** Something that lies in an increment's folder for content. */
export interface IncrementFile {
  readonly category: Category
  /** Below the folder of its category. */
  readonly path: string
  readonly stats: BigIntStats
  /** Whether it is a folder with nothing in it. */
  readonly isEmptyFolder: boolean
}

/**
 * Everything in an increment's folders for content, each folder before what is in it. No symbolic link is followed.
 *
 * @param folder - absolute path of the increment
 * @throws ERR_VARVE_STORAGE
 */
export function* filesOf(folder: string): Generator<IncrementFile> {
  for (const category of CATEGORIES) {
    if (lookAt(`${folder}/${category}`)?.isDirectory() === true) yield* walk(`${folder}/${category}`, category, '')
  }
}

/** What a symbolic link points to, as it is written in the link. @throws the system's error */
export function linkTarget(path: string): string {
  return nameFromBytes(readlinkSync(toFsPath(path), { encoding: 'buffer' }))
}

function* walk(folder: string, category: Category, prefix: string): Generator<IncrementFile> {
  for (const name of readNames(folder)) {
    const stats = lookAt(`${folder}/${name}`)
    if (stats === undefined) continue
    const path = `${prefix}${name}`
    if (!stats.isDirectory()) {
      yield { category, path, stats, isEmptyFolder: false }
      continue
    }
    yield { category, path, stats, isEmptyFolder: readNames(`${folder}/${name}`).length === 0 }
    yield* walk(`${folder}/${name}`, category, `${path}/`)
  }
}
