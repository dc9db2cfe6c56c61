import { describeError, isVarveError } from '../errors.ts'
import { openBlob } from '../repository/blob-opening.ts'
import type { PackedBlob } from '../repository/blob.ts'
import { idOf, type Id } from '../repository/id.ts'
import { parsePackHeader } from '../repository/pack-header.ts'
import type { Sealer } from '../repository/sealing.ts'
import type { CheckPackResult } from './check-jobs.ts'

/**
 * Verifies every byte of a pack: its hash, its header against the index, and that every blob opens, decompresses and has its hash.
 *
 * @param bytes - the whole pack
 * @param indexed - what the index says is in it
 */
export function verifyPack(
  sealer: Sealer,
  pack: Id,
  bytes: Uint8Array,
  indexed: readonly PackedBlob[],
): CheckPackResult {
  const faults: string[] = []
  const hash = idOf(bytes)
  if (hash !== pack) faults.push(`its content has the hash ${hash}`)
  const blobs = indexed.toSorted((a, b) => a.offset - b.offset)
  const fault = compareWithHeader(sealer, pack, bytes, blobs)
  if (fault !== undefined) faults.push(fault)
  const damaged: { blob: PackedBlob; message: string }[] = []
  for (const blob of blobs) {
    try {
      openBlob(sealer, bytes.subarray(blob.offset, blob.offset + blob.length), blob)
    } catch (error) {
      if (!isVarveError(error)) throw error
      damaged.push({ blob, message: error.message })
    }
  }
  return { faults, damaged }
}

/** A header that decodes has its blobs one after the other, without gaps: so do those of an index that is equal to it. */
function compareWithHeader(
  sealer: Sealer,
  pack: Id,
  bytes: Uint8Array,
  indexed: readonly PackedBlob[],
): string | undefined {
  let header: readonly PackedBlob[] | undefined
  try {
    header = parsePackHeader(sealer, pack, bytes, bytes.length)
  } catch (error) {
    if (!isVarveError(error)) throw error
    return describeError(error.cause ?? error)
  }
  if (header === undefined) throw new Error('a whole pack holds its header')
  if (header.length !== indexed.length) {
    return `its header names ${header.length} blobs, the index ${indexed.length}`
  }
  const different = header.findIndex((blob, i) => !isSame(blob, indexed[i]))
  return different < 0 ? undefined : `its header and the index disagree about blob ${different + 1} of ${header.length}`
}

function isSame(a: PackedBlob, b: PackedBlob | undefined): boolean {
  return (
    a.id === b?.id &&
    a.type === b.type &&
    a.offset === b.offset &&
    a.length === b.length &&
    a.uncompressedLength === b.uncompressedLength
  )
}
