import type { PackNaming } from '../repository/blob-index.ts'
import type { Id } from '../repository/id.ts'
import { INDEX_FILE_BLOBS } from '../repository/index-file.ts'
import type { ReadIndexFile } from '../repository/repository.ts'

/**
 * Entries below which an index file counts as small: rustic's number. Every snapshot leaves an index file, and each is one more that every command
 * has to ask for. Those that are a fifth full are left alone, so that there are never more than five times as many as there have to be, and
 * none is written anew again and again for being less than full.
 */
const SMALL_FILE_ENTRIES = INDEX_FILE_BLOBS / 5

/** Small index files that are not reason enough to write any: one prune after another would write the little that came since. */
const FEW_SMALL_FILES = 8

/** What becomes of each index file. */
export interface IndexChoice {
  /** Index files that stay as they are. */
  readonly keep: readonly Id[]
  /** Index files that go, when others name what stays of their packs. */
  readonly replace: readonly Id[]
  /** Packs that stay, and that only index files name which go. */
  readonly packsToName: readonly Id[]
}

/**
 * Decides which index files stay as they are. These go: those that name a pack that goes; those that name a pack that another names too, since only
 * both together may say all of it; those that describe other things than packs, which may be packs that go as well; and small ones, where any
 * other goes or there are many.
 *
 * @param files - by their numbers, from 1
 * @param obsolete - packs that no index may name in the end
 */
export function chooseIndexFiles(
  files: readonly ReadIndexFile[],
  namings: Iterable<PackNaming>,
  obsolete: ReadonlySet<Id>,
): IndexChoice {
  const entriesOf = new Map<number, number>()
  const fileOf = new Map<Id, number>()
  const replaced = new Set<number>()
  for (const { pack, file, entries } of namings) {
    entriesOf.set(file, (entriesOf.get(file) ?? 0) + entries)
    const other = fileOf.get(pack)
    if (other === undefined) fileOf.set(pack, file)
    else if (other !== file) replaced.add(other).add(file)
    if (obsolete.has(pack)) replaced.add(file)
  }
  const small: number[] = []
  for (const [place, { onlyPacks }] of files.entries()) {
    const file = place + 1
    if (!onlyPacks) replaced.add(file)
    if ((entriesOf.get(file) ?? 0) < SMALL_FILE_ENTRIES) small.push(file)
  }
  if (replaced.size > 0 || small.length > FEW_SMALL_FILES) for (const file of small) replaced.add(file)
  const packs = fileOf.entries().filter(([pack, file]) => replaced.has(file) && !obsolete.has(pack))
  const idsWhere = (goes: boolean): readonly Id[] =>
    files.filter((_, place) => replaced.has(place + 1) === goes).map(({ id }) => id)
  return { keep: idsWhere(false), replace: idsWhere(true), packsToName: Array.from(packs, ([pack]) => pack) }
}
