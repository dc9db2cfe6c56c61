import { throwIfAborted } from '@varve/platform/errors'
import type { IndexEntry } from '../directory-index/entry.ts'
import { givesContentUp, isChange, takesContent, type Change } from './change.ts'
import { ContentTable } from './content-table.ts'
import { mergeEntries } from './merge-entries.ts'

/** An index that is read several times. */
export interface EntrySource {
  entries(): AsyncIterable<IndexEntry>
}

type Difference = Pick<Change, 'path' | 'before' | 'after'>

/** Which changes take content from which others, by their numbers in order of paths. */
interface Moves {
  /** Path of the source of a change. */
  readonly sources: ReadonlyMap<number, string>
  /** Changes that are sources. */
  readonly taken: ReadonlySet<number>
}

const NO_MOVES: Moves = { sources: new Map(), taken: new Set() }

/**
 * All differences between two indexes, in order of their paths. A file whose content another file had, which has it no more, is renamed: among several
 * candidates the first in order. Empty files are all alike and never renamed. Memory is 40 bytes for each file that has or had content to compare, and what
 * the paths of renamed files take.
 *
 * @throws what the indexes throw; ERR_VARVE_ABORTED
 */
export async function* findChanges(
  older: EntrySource,
  newer: EntrySource,
  withRenames: boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<Change> {
  const { sources, taken } = withRenames ? await findMoves(older, newer, signal) : NO_MOVES
  let number = 0
  for await (const difference of differences(older, newer, signal)) {
    yield { ...difference, source: sources.get(number), isSource: taken.has(number) }
    number++
  }
}

async function findMoves(older: EntrySource, newer: EntrySource, signal: AbortSignal | undefined): Promise<Moves> {
  const leaving = new ContentTable()
  const arriving = new ContentTable()
  let number = 0
  for await (const difference of differences(older, newer, signal)) {
    const { before, after } = difference
    if (before?.type === 'file' && before.size > 0 && givesContentUp(difference)) leaving.add(before.hash, number)
    if (after?.type === 'file' && after.size > 0 && takesContent(difference)) arriving.add(after.hash, number)
    number++
  }
  const takers = new Map<number, number>()
  for (const [from, to] of leaving.pairs(arriving)) takers.set(from, to)
  if (takers.size === 0) return NO_MOVES
  const sources = new Map<number, string>()
  number = 0
  for await (const { path } of differences(older, newer, signal)) {
    const taker = takers.get(number++)
    if (taker !== undefined) sources.set(taker, path)
  }
  return { sources, taken: new Set(takers.keys()) }
}

async function* differences(
  older: EntrySource,
  newer: EntrySource,
  signal: AbortSignal | undefined,
): AsyncGenerator<Difference> {
  for await (const { path, before, after } of mergeEntries(older.entries(), newer.entries())) {
    throwIfAborted(signal)
    if (isChange(before?.state, after?.state)) yield { path, before: before?.state, after: after?.state }
  }
}
