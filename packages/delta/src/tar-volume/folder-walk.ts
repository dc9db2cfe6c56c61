import { type BigIntStats, lstatSync, readdirSync } from 'node:fs'
import type { Problem } from '@varve/platform'
import { describeError, VarveError } from '@varve/platform/errors'
import { compareNames, nameFromBytes, toFsPath } from '@varve/platform/file-name'

/** An entry of a folder. */
export interface WalkedEntry {
  /** Where it is. */
  readonly location: string
  /** Relative to where the walk began; empty for that itself. */
  readonly path: string
  readonly stats: BigIntStats
}

/** What a walk leaves out, and what it tells. */
export interface WalkOptions {
  /** Whether to leave out an entry, and what is below it. `folder` is what the entry lies in. */
  readonly isLeftOut: (entry: WalkedEntry, folder: WalkedEntry) => boolean
  readonly onProblem: (problem: Problem) => void
}

/**
 * An entry and all below it, folders before what is in them, in the order of names' bytes. What cannot be looked at is reported, and the rest goes
 * on. Symbolic links are not followed.
 *
 * @throws ERR_VARVE_SOURCE where `location` itself cannot be looked at
 */
export function* walk(location: string, options: WalkOptions): Generator<WalkedEntry> {
  let stats
  try {
    stats = lstatSync(toFsPath(location), { bigint: true })
  } catch (error) {
    throw new VarveError('ERR_VARVE_SOURCE', `cannot read '${location}': ${describeError(error)}`, { cause: error })
  }
  const top: WalkedEntry = { location, path: '', stats }
  yield top
  if (!stats.isDirectory()) return
  const above: { readonly folder: WalkedEntry; readonly names: string[] }[] = [
    { folder: top, names: namesIn(top, options) },
  ]
  for (let level = above.at(-1); level !== undefined; level = above.at(-1)) {
    const name = level.names.pop()
    if (name === undefined) {
      above.pop()
      continue
    }
    const entry = lookAt(level.folder, name, options)
    if (entry === undefined || options.isLeftOut(entry, level.folder)) continue
    yield entry
    if (entry.stats.isDirectory()) above.push({ folder: entry, names: namesIn(entry, options) })
  }
}

/** Names in a folder, the last one first. */
function namesIn({ location }: WalkedEntry, { onProblem }: WalkOptions): string[] {
  try {
    const names = readdirSync(toFsPath(location), { encoding: 'buffer' })
    return names.map(nameFromBytes).toSorted((a, b) => compareNames(b, a))
  } catch (error) {
    onProblem({ path: location, message: describeError(error) })
    return []
  }
}

function lookAt(folder: WalkedEntry, name: string, { onProblem }: WalkOptions): WalkedEntry | undefined {
  const location = `${folder.location}/${name}`
  try {
    const stats = lstatSync(toFsPath(location), { bigint: true })
    return { location, path: folder.path === '' ? name : `${folder.path}/${name}`, stats }
  } catch (error) {
    onProblem({ path: location, message: describeError(error) })
    return undefined
  }
}
