import { isVarveError, VarveError } from '@varve/platform/errors'
import { EntrySet } from '../history/entry-set.ts'
import { TreeLoader } from '../repository/tree-loader.ts'
import { findUsedBlobs } from '../history/used-blobs.ts'
import type { BlobIndex, NumberedPack } from '../repository/blob-index.ts'
import { parseId, type Id } from '../repository/id.ts'
import type { OpenRepository } from '../repository/repository.ts'
import { packSizeByIndex } from './check-packs.ts'
import { chooseIndexFiles, type IndexChoice } from './index-choice.ts'
import { choosePackActions, idsOf, type MaxUnused, type PackChoice } from './pack-choice.ts'
import { measurePacks } from './pack-usage.ts'
import { figuresOf, type PruneFigures } from './prune-figures.ts'

/** What to prune. */
export interface PlanPruneOptions {
  /** Snapshots to remove; content that no snapshot needs is removed in any case. */
  readonly remove?: readonly Id[]
  /** Waste that is tolerated; 5 % if left out. Less means that more packs are written anew. */
  readonly maxUnused?: MaxUnused
  /** Most bytes of packs to write anew; no limit if left out. */
  readonly maxRepackBytes?: number
  /** Compresses content that is not compressed yet; false if left out. */
  readonly repackUncompressed?: boolean
  readonly signal?: AbortSignal | undefined
  /** Called for each folder that is read. */
  readonly onTree?: () => void
}

/** What a prune will do. */
export interface PrunePlan {
  /** Snapshots that are removed. */
  readonly snapshots: readonly Id[]
  /** Snapshots that stay. */
  readonly kept: readonly Id[]
  /** Packs that no index names, which are removed. */
  readonly unindexed: readonly Id[]
  /** Packs of which nothing is needed, or that are damaged and hold nothing that is not elsewhere too. */
  readonly remove: readonly Id[]
  /** Packs of which only what is needed is written anew. */
  readonly repack: readonly Id[]
  /** Packs that indexes name and that are gone, without a loss. */
  readonly forget: readonly Id[]
  /** Entries of the blobs that are taken from the packs that are written anew. Carrying the plan out empties it: that can be done once. */
  readonly move: EntrySet
  readonly index: BlobIndex
  /** What becomes of the files that the index was read from. */
  readonly indexFiles: IndexChoice
  readonly figures: PruneFigures
}

const DEFAULT_MAX_UNUSED: MaxUnused = { percent: 5 }

/**
 * Plans what to remove so that all remaining snapshots keep everything that they need. Changes nothing.
 *
 * @throws ERR_VARVE_SNAPSHOT_NOT_FOUND for one to remove that is not there; ERR_VARVE_BAD_ARGUMENT; ERR_VARVE_DAMAGED, ERR_VARVE_MISSING_BLOB or
 *   ERR_VARVE_NOT_FOUND where a remaining snapshot is not complete: nothing should be removed before that is repaired; ERR_VARVE_ABORTED
 */
export async function planPrune(repository: OpenRepository, options: PlanPruneOptions = {}): Promise<PrunePlan> {
  const { storage } = repository
  const { remove = [], maxUnused = DEFAULT_MAX_UNUSED, maxRepackBytes = Infinity, repackUncompressed = false } = options
  assertMaxUnused(maxUnused)
  const kept = await snapshotsToKeep(repository, remove)
  const roots = await refusing(() => rootsOf(repository, kept))
  // Listed before they are read as well: what was added in between may name content of a snapshot that is still to come. The plan does not know it,
  // and is not carried out where it is there.
  const listed = new Set<string>((await storage.list('index')).map((file) => file.name))
  const { index, indexFiles } = await refusing(() => repository.loadIndex(options.signal))
  const stored = new Map((await storage.list('pack')).map((file) => [parseId(file.name), file.size]))

  const trees = new TreeLoader({ storage, key: repository.key, index })
  const used = await refusing(() => findUsedBlobs(trees, roots, options))
  const isSound = (pack: NumberedPack): boolean => stored.get(pack.id) === packSizeByIndex(pack)
  const soundPacks = (): Iterable<NumberedPack> => index.numberedPacks().filter(isSound)
  assertPresent(index, used, soundPacks(), stored)

  const usages = measurePacks(soundPacks, index.entryCount, used)
  const canCompress = repository.config.version >= 2
  const choice = choosePackActions(usages.values(), { maxUnused, maxRepackBytes, repackUncompressed, canCompress })
  const indexed = new Set(index.packIds())
  const unindexed = [...stored.keys()].filter((id) => !indexed.has(id))
  const unsound = [...indexed].filter((id) => !usages.has(id))
  const unsoundStored = unsound.filter((id) => stored.has(id))
  const sizes = (ids: readonly Id[]): number => ids.reduce((sum, id) => sum + (stored.get(id) ?? 0), 0)
  const gone = { remove: [...idsOf(choice.remove), ...unsoundStored], repack: idsOf(choice.repack) }
  const forget = unsound.filter((id) => !stored.has(id))
  const obsolete = new Set([...gone.remove, ...gone.repack, ...forget])
  const files = chooseIndexFiles(indexFiles, index.namings(), obsolete)
  return {
    snapshots: [...new Set(remove)],
    kept,
    unindexed,
    ...gone,
    forget,
    move: blobsToMove(index, used, choice),
    index,
    indexFiles: {
      keep: files.keep.filter((id) => listed.has(id)),
      replace: files.replace.filter((id) => listed.has(id)),
      packsToName: files.packsToName,
    },
    figures: figuresOf(
      choice,
      { packs: unindexed.length, bytes: sizes(unindexed) },
      { packs: unsoundStored.length, bytes: sizes(unsoundStored) },
    ),
  }
}

async function snapshotsToKeep(repository: OpenRepository, remove: readonly Id[]): Promise<readonly Id[]> {
  const stored = (await repository.storage.list('snapshot')).map((file) => parseId(file.name))
  const missing = remove.find((id) => !stored.includes(id))
  if (missing !== undefined) {
    throw new VarveError('ERR_VARVE_SNAPSHOT_NOT_FOUND', `there is no snapshot ${missing}`)
  }
  const removed = new Set(remove)
  return stored.filter((id) => !removed.has(id))
}

async function rootsOf(repository: OpenRepository, snapshots: readonly Id[]): Promise<readonly Id[]> {
  const roots: Id[] = []
  for (const id of snapshots) roots.push((await repository.loadSnapshot(id)).tree)
  return roots
}

/** Says that nothing was removed where something is not as it should be. */
async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isVarveError(error) || error.code === 'ERR_VARVE_ABORTED' || error.code === 'ERR_VARVE_LOCK_LOST') throw error
    throw new VarveError(error.code, error.message, { hint: INCOMPLETE_HINT, cause: error })
  }
}

const INCOMPLETE_HINT = 'Nothing was removed. A check tells what is wrong with the repository.'

/** Fails where something that is needed lies in no pack that is there and has its size. */
function assertPresent(
  index: BlobIndex,
  used: EntrySet,
  packs: Iterable<NumberedPack>,
  stored: ReadonlyMap<Id, number>,
): void {
  const present = new EntrySet(index.entryCount)
  for (const pack of packs) {
    for (const { entry } of pack.blobs) {
      if (used.has(entry)) present.add(entry)
    }
  }
  if (present.size === used.size) return
  for (const pack of index.numberedPacks()) {
    const absent = pack.blobs.filter(({ entry }) => used.has(entry) && !present.has(entry))
    if (absent.length === 0) continue
    const size = stored.get(pack.id)
    const state = size === undefined ? 'is missing' : `has ${size} bytes instead of ${packSizeByIndex(pack)}`
    const message = `pack ${pack.id} ${state}, and snapshots need ${absent.length} of its blobs`
    throw new VarveError(size === undefined ? 'ERR_VARVE_NOT_FOUND' : 'ERR_VARVE_DAMAGED', message, {
      hint: INCOMPLETE_HINT,
    })
  }
}

/** The needed blobs of packs that go, but for those that a pack has that stays. */
function blobsToMove(index: BlobIndex, used: EntrySet, choice: PackChoice): EntrySet {
  const move = new EntrySet(index.entryCount)
  const each = (ids: readonly Id[], work: (entry: number) => void): void => {
    for (const id of ids) {
      for (const { entry } of index.numberedPack(id)?.blobs ?? []) work(entry)
    }
  }
  if (choice.repack.length === 0) return move
  each(idsOf(choice.repack), (entry) => used.has(entry) && move.add(entry))
  each(idsOf(choice.keep), (entry) => move.delete(entry))
  return move
}

function assertMaxUnused(maxUnused: MaxUnused): void {
  if (maxUnused === 'unlimited') return
  const valid = 'bytes' in maxUnused ? maxUnused.bytes >= 0 : maxUnused.percent >= 0 && maxUnused.percent < 100
  if (!valid) {
    throw new VarveError(
      'ERR_VARVE_BAD_ARGUMENT',
      'the limit of unused space is a percentage from 0 to below 100, or bytes',
    )
  }
}
