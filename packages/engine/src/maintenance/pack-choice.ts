import type { Id } from '../repository/id.ts'
import { PACK_SIZE } from '../repository/pack-writer.ts'
import type { PackUsage } from './pack-usage.ts'

/** How much space may stay taken by what nobody needs. */
export type MaxUnused =
  | 'unlimited'
  /** Of the size that the repository will have: at least 0, below 100. */
  | { readonly percent: number }
  | { readonly bytes: number }

/** What decides which packs are written anew. */
export interface PackChoiceOptions {
  readonly maxUnused: MaxUnused
  /** Most bytes of packs to write anew. */
  readonly maxRepackBytes: number
  /** Whether content that is not compressed is compressed now; folders always are. */
  readonly repackUncompressed: boolean
  /** Whether the repository's version knows compression. */
  readonly canCompress: boolean
}

/** What becomes of each pack. */
export interface PackChoice {
  readonly keep: readonly PackUsage[]
  readonly repack: readonly PackUsage[]
  readonly remove: readonly PackUsage[]
}

/** Bytes of the smallest packs that clients can be told to make. */
const MIN_PACK_SIZE = 4 * 1024 * 1024

/**
 * Small packs of a kind below this number are left alone: one is always the last that is not full. Folders and content are counted apart, unlike in
 * restic, since they are never put together: few of each would be written anew to make few packs less.
 */
const MIN_SMALL_PACKS = 10

interface Candidate {
  readonly usage: PackUsage
  readonly size: number
  readonly small: boolean
  /** Repacked whatever may stay unused. */
  readonly required: boolean
}

/**
 * Decides which packs go, which stay and which are written anew without what nobody needs, nearly by restic's rules: packs of folders and mixed packs
 * first, then small ones, then those with most waste, until little enough is left.
 */
export function choosePackActions(packs: Iterable<PackUsage>, options: PackChoiceOptions): PackChoice {
  const all = [...packs]
  const remove = all.filter((usage) => usage.usedBlobs === 0)
  const needed = all.filter((usage) => usage.usedBlobs > 0)
  const smallBelow = smallPackSize(all)
  const candidates: Candidate[] = []
  const intact: Candidate[] = []
  const keep: PackUsage[] = []
  for (const usage of needed) {
    const size = sizeOf(usage)
    const compress = options.canCompress && usage.uncompressed && (usage.type === 'tree' || options.repackUncompressed)
    const candidate = { usage, size, small: size < smallBelow, required: usage.type !== 'data' || compress }
    if (usage.unusedBlobs > 0 || usage.type === 'mixed' || compress) candidates.push(candidate)
    else if (candidate.small) intact.push(candidate)
    else keep.push(usage)
  }
  for (const alike of Object.values(Object.groupBy(intact, ({ usage }) => usage.type))) {
    if (alike.length < MIN_SMALL_PACKS) keep.push(...alike.map(({ usage }) => usage))
    else candidates.push(...alike)
  }

  const used = needed.reduce((sum, usage) => sum + usage.usedBytes, 0)
  const tolerated = toleratedBytes(options.maxUnused, used)
  let unused = needed.reduce((sum, usage) => sum + usage.unusedBytes, 0)
  let repacked = 0
  const repack: PackUsage[] = []
  for (const { usage, size, small, required } of candidates.toSorted(compareCandidates)) {
    const enough = unused <= tolerated && !small && !required
    if (enough || repacked + size > options.maxRepackBytes) keep.push(usage)
    else {
      repack.push(usage)
      repacked += size
      unused -= usage.unusedBytes
    }
  }
  return { keep, repack, remove }
}

/** Bytes of a pack. */
export function sizeOf(usage: PackUsage): number {
  return usage.usedBytes + usage.unusedBytes
}

/** Ids of packs. */
export function idsOf(usages: readonly PackUsage[]): readonly Id[] {
  return usages.map((usage) => usage.id)
}

/** Packs that are smaller than most others; where others were made by a client that makes smaller ones, these count as full. */
function smallPackSize(packs: readonly PackUsage[]): number {
  const sizes = packs.map(sizeOf).toSorted((a, b) => a - b)
  const typical = sizes[Math.floor((sizes.length * 3) / 100)] ?? 0
  return (Math.min(PACK_SIZE, Math.max(MIN_PACK_SIZE, typical)) * 4) / 5
}

function toleratedBytes(maxUnused: MaxUnused, used: number): number {
  if (maxUnused === 'unlimited') return Infinity
  if ('bytes' in maxUnused) return maxUnused.bytes
  return (maxUnused.percent / (100 - maxUnused.percent)) * used
}

function compareCandidates(a: Candidate, b: Candidate): number {
  return (
    Number(a.usage.type === 'data') - Number(b.usage.type === 'data') ||
    Number(b.small) - Number(a.small) ||
    b.usage.unusedBytes * a.usage.usedBytes - a.usage.unusedBytes * b.usage.usedBytes
  )
}
