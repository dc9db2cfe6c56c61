import { EntrySet } from '../history/entry-set.ts'
import type { BlobIndex } from '../repository/blob-index.ts'
import type { PackedBlob } from '../repository/blob.ts'
import { parseId, type Id } from '../repository/id.ts'
import { packHeaderSize } from '../repository/pack-header.ts'
import type { StoredFile } from '../storage/storage.ts'
import type { CheckFindings } from './check-findings.ts'
import type { LostContent } from './lost-content.ts'

/** A pack that an index names and that is there, whatever its state. */
export interface PresentPack {
  readonly id: Id
  /** Bytes. */
  readonly size: number
}

/** What a look at all packs from outside tells. */
export interface PackSurvey {
  readonly present: readonly PresentPack[]
  /** Distinct blobs that indexes name. */
  readonly blobs: number
}

/** Bytes that a pack has if an index is right about it. */
export function packSizeByIndex(pack: { readonly blobs: readonly Omit<PackedBlob, 'id'>[] }): number {
  return pack.blobs.reduce((size, blob) => size + blob.length, packHeaderSize(pack.blobs))
}

/**
 * Compares the packs that indexes name with those that are stored, without reading any.
 *
 * @param stored - all packs of the storage, listed after the indexes were read
 */
export function checkPacks(
  index: BlobIndex,
  stored: readonly StoredFile[],
  lost: LostContent,
  out: CheckFindings,
): PackSurvey {
  const sizes = new Map(stored.map((file) => [parseId(file.name), file.size]))
  const seen = new EntrySet(index.entryCount)
  const present: PresentPack[] = []
  let duplicates = 0
  let duplicateBytes = 0
  for (const pack of index.numberedPacks()) {
    for (const { entry, length } of pack.blobs) {
      if (seen.add(entry)) continue
      duplicates++
      duplicateBytes += length
    }
    if (pack.blobs.some((blob) => blob.type !== pack.blobs[0]?.type)) {
      out.hints.push({ kind: 'mixed-pack', pack: pack.id, message: `pack ${pack.id} holds both folders and content` })
    }
    const size = sizes.get(pack.id)
    sizes.delete(pack.id)
    if (size === undefined) {
      reportMissing(index, pack.id, lost, out)
      continue
    }
    present.push({ id: pack.id, size })
    if (size !== packSizeByIndex(pack)) reportWrongSize(index, pack.id, size, lost, out)
  }
  if (duplicates > 0) {
    const message = `${duplicates} blobs (${duplicateBytes} bytes) are stored more than once`
    out.hints.push({ kind: 'duplicate-blobs', count: duplicates, bytes: duplicateBytes, message })
  }
  if (sizes.size > 0) {
    const bytes = sizes.values().reduce((sum, size) => sum + size, 0)
    const message = `${sizes.size} packs (${bytes} bytes) are in no index`
    out.hints.push({ kind: 'unindexed-packs', packs: [...sizes.keys()], bytes, message })
  }
  return { present, blobs: seen.size }
}

function reportMissing(index: BlobIndex, pack: Id, lost: LostContent, out: CheckFindings): void {
  lost.losePack(pack)
  const blobs = index.pack(pack)?.blobs ?? []
  const message = `pack ${pack} is missing: an index names ${blobs.length} blobs in it`
  out.addLoss(blobs, (affected) => ({ kind: 'missing-pack', pack, message, affected }))
}

function reportWrongSize(index: BlobIndex, pack: Id, actual: number, lost: LostContent, out: CheckFindings): void {
  const blobs = index.pack(pack)?.blobs ?? []
  const expected = packSizeByIndex({ blobs })
  const beyond = blobs.filter((blob) => blob.offset + blob.length > actual)
  for (const blob of beyond) lost.losePlace(pack, blob)
  const message = `pack ${pack} has ${actual} bytes instead of ${expected}`
  out.addLoss(beyond, (affected) => ({ kind: 'wrong-pack-size', pack, expected, actual, message, affected }))
}
