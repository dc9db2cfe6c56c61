import { EntrySet } from '../history/entry-set.ts'
import type { BlobIndex } from '../repository/blob-index.ts'
import type { PackContents } from '../repository/blob.ts'
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
export function packSizeByIndex(pack: PackContents): number {
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
  for (const pack of index.packs()) {
    for (const { type, id, length } of pack.blobs) {
      if (seen.add(index.entryNumber(type, id))) continue
      duplicates++
      duplicateBytes += length
    }
    if (pack.blobs.some((blob) => blob.type !== pack.blobs[0]?.type)) {
      out.hints.push({ kind: 'mixed-pack', pack: pack.id, message: `pack ${pack.id} holds both folders and content` })
    }
    const size = sizes.get(pack.id)
    sizes.delete(pack.id)
    if (size === undefined) {
      reportMissing(pack, lost, out)
      continue
    }
    present.push({ id: pack.id, size })
    if (size !== packSizeByIndex(pack)) reportWrongSize(pack, size, lost, out)
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

function reportMissing(pack: PackContents, lost: LostContent, out: CheckFindings): void {
  lost.losePack(pack.id)
  const message = `pack ${pack.id} is missing: an index names ${pack.blobs.length} blobs in it`
  out.addLoss(pack.blobs, (affected) => ({ kind: 'missing-pack', pack: pack.id, message, affected }))
}

function reportWrongSize(pack: PackContents, actual: number, lost: LostContent, out: CheckFindings): void {
  const expected = packSizeByIndex(pack)
  const beyond = pack.blobs.filter((blob) => blob.offset + blob.length > actual)
  for (const blob of beyond) lost.losePlace(pack.id, blob)
  const message = `pack ${pack.id} has ${actual} bytes instead of ${expected}`
  out.addLoss(beyond, (affected) => ({ kind: 'wrong-pack-size', pack: pack.id, expected, actual, message, affected }))
}
