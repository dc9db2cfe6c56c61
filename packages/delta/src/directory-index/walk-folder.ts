import { lstatSync, readdirSync, type BigIntStats } from 'node:fs'
import { describeError, systemErrorCode } from '@varve/platform/errors'
import { compareNames, nameFromBytes, toFsPath } from '@varve/platform/file-name'
import type { Exclusion } from './exclusion-rules.ts'

/** What a walk meets. */
export type Found =
  | { readonly kind: 'entry'; readonly path: string; readonly stats: BigIntStats }
  /** An entry that could not be looked at, or a folder that could not be listed (its own entry came before): what is below is unknown too. */
  | { readonly kind: 'failure'; readonly path: string; readonly message: string; readonly isListing: boolean }
  /** A folder that changed while it was being walked; its entries came before. */
  | { readonly kind: 'changed'; readonly path: string }

interface Level {
  readonly path: string
  readonly names: readonly string[]
  readonly before: BigIntStats
  next: number
}

/**
 * Walks a folder depth first, each folder's entries in the order of their names' bytes. Symbolic links are entries, and never followed. In memory are the
 * names of the folders on the way to where the walk is. Sockets and what has vanished meanwhile are passed over; in the latter case the folder changed.
 *
 * @param folder - absolute
 * @throws the system's error where `folder` itself cannot be listed
 */
export function* walkFolder(folder: string, exclusion: Exclusion): Generator<Found> {
  const rootStats = lstatSync(toFsPath(folder), { bigint: true })
  const levels: Level[] = [{ path: '', names: listNames(folder), before: rootStats, next: 0 }]
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const name = level.names[level.next++]
    if (name === undefined) {
      levels.pop()
      if (hasChanged(level, folder)) yield { kind: 'changed', path: level.path }
      continue
    }
    const path = level.path === '' ? name : `${level.path}/${name}`
    let isListing = false
    try {
      const stats = lstatSync(toFsPath(`${folder}/${path}`), { bigint: true })
      if (stats.isSocket() || exclusion.isExcluded(path, stats.isDirectory())) continue
      yield { kind: 'entry', path, stats }
      if (!stats.isDirectory()) continue
      isListing = true
      levels.push({ path, names: listNames(`${folder}/${path}`), before: stats, next: 0 })
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error
      if (systemErrorCode(error) === 'ENOENT') continue
      yield { kind: 'failure', path, message: describeError(error), isListing }
    }
  }
}

function listNames(folder: string): readonly string[] {
  return readdirSync(toFsPath(folder), { encoding: 'buffer' })
    .map((name) => nameFromBytes(name))
    .toSorted(compareNames)
}

/** Whether it is not the folder any more that was listed, or has other names in it. */
function hasChanged({ path, before }: Level, folder: string): boolean {
  try {
    const after = lstatSync(toFsPath(path === '' ? folder : `${folder}/${path}`), { bigint: true })
    return after.ino !== before.ino || after.mtimeNs !== before.mtimeNs
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    return true
  }
}
