import type { EntrySet } from '../history/entry-set.ts'
import type { NumberedPack } from '../repository/blob-index.ts'
import type { BlobType } from '../repository/blob.ts'
import type { Id } from '../repository/id.ts'
import { packHeaderSize } from '../repository/pack-header.ts'

/** How much of a pack is needed. Bytes are as stored; those of its header count as used. */
export interface PackUsage {
  readonly id: Id
  readonly type: BlobType | 'mixed'
  usedBlobs: number
  usedBytes: number
  unusedBlobs: number
  unusedBytes: number
  /** Blobs that are needed and that another pack has too. */
  readonly duplicates: number
  /** Some blob in it is not compressed. */
  readonly uncompressed: boolean
}

/** A needed blob that is in several packs: some of them have it still to come. */
type Copies = Map<number, number>

/** Counts above this are the same to us. */
const MANY = 255

/**
 * How much of each pack is needed, where of a blob that lies in several packs one place counts as needed, by restic's rules: one where other
 * blobs are needed too; or in a pack of nothing but such blobs, as an interrupted prune leaves them; or else the last.
 *
 * @param packs - all that are sound, always in the same order
 * @param entryCount - entries of the index
 * @param used - entries of the blobs that are needed
 */
export function measurePacks(
  packs: () => Iterable<NumberedPack>,
  entryCount: number,
  used: EntrySet,
): ReadonlyMap<Id, PackUsage> {
  const places = new Uint8Array(entryCount)
  for (const pack of packs()) {
    for (const { entry } of pack.blobs) {
      const count = places[entry] ?? 0
      if (used.has(entry) && count < MANY) places[entry] = count + 1
    }
  }
  const usages = new Map<Id, PackUsage>()
  const copies: Copies = new Map()
  for (const pack of packs()) usages.set(pack.id, measurePack(pack, places, copies))
  if (copies.size > 0) for (const pack of packs()) settleCopies(pack, usages, copies)
  return usages
}

function measurePack(pack: NumberedPack, places: Uint8Array, copies: Copies): PackUsage {
  const usage = { usedBlobs: 0, usedBytes: packHeaderSize(pack.blobs), unusedBlobs: 0, unusedBytes: 0 }
  let duplicates = 0
  for (const { entry, length } of pack.blobs) {
    const count = places[entry] ?? 0
    if (count === 1) {
      usage.usedBlobs++
      usage.usedBytes += length
      continue
    }
    usage.unusedBlobs++
    usage.unusedBytes += length
    if (count === 0) continue
    duplicates++
    copies.set(entry, (copies.get(entry) ?? 0) + 1)
  }
  const [first] = pack.blobs
  const mixed = pack.blobs.some((blob) => blob.type !== first?.type)
  const uncompressed = pack.blobs.some((blob) => blob.uncompressedLength === 0)
  return { id: pack.id, type: mixed ? 'mixed' : (first?.type ?? 'data'), ...usage, duplicates, uncompressed }
}

function settleCopies(pack: NumberedPack, usages: ReadonlyMap<Id, PackUsage>, copies: Copies): void {
  const usage = usages.get(pack.id)
  if (usage === undefined) throw new Error(`pack ${pack.id} was not measured`)
  for (const { entry, length } of pack.blobs) {
    const left = copies.get(entry)
    if (left === undefined) continue
    if (usage.usedBlobs > 0 || usage.duplicates === usage.unusedBlobs || left === 1) {
      usage.usedBlobs++
      usage.usedBytes += length
      usage.unusedBlobs--
      usage.unusedBytes -= length
      copies.delete(entry)
    } else copies.set(entry, left - 1)
  }
}
