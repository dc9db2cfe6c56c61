import { sizeOf, type PackChoice } from './pack-choice.ts'
import type { PackUsage } from './pack-usage.ts'

/** How much a prune will do. Bytes are as stored. */
export interface PruneFigures {
  /** All packs before. */
  readonly packs: number
  readonly bytes: number
  /** Of these, what snapshots need, and what they do not need. */
  readonly usedBytes: number
  readonly unusedBytes: number
  readonly packsKept: number
  /** Packs that are written anew without what nobody needs. */
  readonly packsRepacked: number
  readonly bytesRepacked: number
  /** Packs that are removed and not written anew. */
  readonly packsRemoved: number
  /** Blobs that are gone afterwards. */
  readonly blobsRemoved: number
  /** Space that is won in the end. */
  readonly bytesFreed: number
  /** Space that will still be taken by what nobody needs. */
  readonly unusedBytesLeft: number
}

/** Packs without what their index says, or without an index. */
export interface UselessPacks {
  readonly packs: number
  readonly bytes: number
}

/** The figures of what was chosen. */
export function figuresOf(choice: PackChoice, ...useless: readonly UselessPacks[]): PruneFigures {
  const { keep, repack, remove } = choice
  const uselessPacks = sum(useless, (packs) => packs.packs)
  const uselessBytes = sum(useless, (packs) => packs.bytes)
  const needed: readonly PackUsage[] = [...keep, ...repack]
  const usedBytes = sum(needed, (usage) => usage.usedBytes)
  const unusedBytes = sum(needed, (usage) => usage.unusedBytes) + sum(remove, sizeOf) + uselessBytes
  const unusedBytesLeft = sum(keep, (usage) => usage.unusedBytes)
  return {
    packs: needed.length + remove.length + uselessPacks,
    bytes: usedBytes + unusedBytes,
    usedBytes,
    unusedBytes,
    packsKept: keep.length,
    packsRepacked: repack.length,
    bytesRepacked: sum(repack, sizeOf),
    packsRemoved: remove.length + uselessPacks,
    blobsRemoved: sum([...repack, ...remove], (usage) => usage.unusedBlobs),
    bytesFreed: unusedBytes - unusedBytesLeft,
    unusedBytesLeft,
  }
}

function sum<Item>(items: readonly Item[], amount: (item: Item) => number): number {
  return items.reduce((total, item) => total + amount(item), 0)
}
