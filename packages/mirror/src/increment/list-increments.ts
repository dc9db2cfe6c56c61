import { lstatSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describeError, isVarveError, toFsPath, VarveError, type LongCall, type Problem } from '@varve/platform'
import { breathe } from '@varve/platform'
import { isIncrementName, numberOfName, timeOfName } from './increment-name.ts'
import type { LoadedIncrement } from './loaded-increment.ts'
import { loadIncrement } from './load-increment.ts'
import { readNames } from './read-names.ts'

/** The increments of a destination. */
export interface IncrementList {
  /** From the first to the last. */
  readonly increments: readonly LoadedIncrement[]
  /** Increments whose metadata is missing or cannot be read, by name; {@link LoadedIncrement}s there are none of them. */
  readonly problems: readonly Problem[]
}

/**
 * Names of the folders of a destination that are increments, from the first to the last as far as names tell.
 *
 * @throws ERR_VARVE_NOT_FOUND where the destination is no folder; ERR_VARVE_STORAGE
 */
export function incrementNames(destination: string): readonly string[] {
  const path = resolve(destination)
  if (!isFolder(path)) throw new VarveError('ERR_VARVE_NOT_FOUND', `'${destination}' is no folder`)
  const names = readNames(path).filter((name) => isIncrementName(name) && isFolder(join(path, name), false))
  return names.toSorted((a, b) => nameTime(a) - nameTime(b) || numberOfName(a) - numberOfName(b))
}

/**
 * Loads all increments of a destination.
 *
 * @param destination - the folder that holds them
 * @throws ERR_VARVE_NOT_FOUND where it is no folder; ERR_VARVE_STORAGE where it cannot be read; ERR_VARVE_ABORTED. What is wrong with a single increment becomes a problem
 */
export async function listIncrements(
  destination: string,
  { signal }: Pick<LongCall, 'signal'> = {},
): Promise<IncrementList> {
  const increments: LoadedIncrement[] = []
  const problems: Problem[] = []
  for (const name of incrementNames(destination)) {
    await breathe(signal)
    try {
      increments.push(await loadIncrement(join(resolve(destination), name)))
    } catch (error) {
      if (!isVarveError(error)) throw error
      problems.push({ path: name, message: describeError(error) })
    }
  }
  return { increments: arrange(increments), problems }
}

function arrange(increments: readonly LoadedIncrement[]): readonly LoadedIncrement[] {
  const placed = increments.map((loaded) => ({
    name: loaded.name,
    time: loaded.time,
    previous: previousOf(loaded),
    loaded,
  }))
  return inOrder(placed).map(({ loaded }) => loaded)
}

/**
 * Orders increments by time, and each behind the one that it says was there before it: clocks can be set back.
 *
 * @param increments - in the order of their names
 */
export function inOrder<T extends Placed>(increments: readonly T[]): readonly T[] {
  const byName = new Map(increments.map((increment) => [increment.name, increment]))
  const ordered = new Set<T>()
  for (const increment of increments.toSorted((a, b) => a.time.getTime() - b.time.getTime())) {
    const waiting = new Set<T>()
    for (let next: T | undefined = increment; next !== undefined && !ordered.has(next) && !waiting.has(next);) {
      waiting.add(next)
      next = byName.get(next.previous ?? '')
    }
    for (const each of [...waiting].toReversed()) ordered.add(each)
  }
  return [...ordered]
}

/** What tells where an increment stands among others. */
interface Placed {
  readonly name: string
  readonly time: Date
  readonly previous: string | undefined
}

/** The increment that was there before, as the metadata says. */
export function previousOf(loaded: LoadedIncrement): string | undefined {
  return loaded.origin === 'original' ? undefined : loaded.increment.previous
}

function nameTime(name: string): number {
  return timeOfName(name)?.getTime() ?? 0
}

function isFolder(path: string, followLinks = true): boolean {
  try {
    const stats = followLinks
      ? statSync(toFsPath(path), { throwIfNoEntry: false })
      : lstatSync(toFsPath(path), { throwIfNoEntry: false })
    return stats?.isDirectory() === true
  } catch (error) {
    throw new VarveError('ERR_VARVE_STORAGE', `cannot look at '${path}': ${describeError(error)}`, { cause: error })
  }
}
