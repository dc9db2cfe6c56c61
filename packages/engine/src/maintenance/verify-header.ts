import { describeError, isVarveError } from '@varve/platform/errors'
import type { PackedBlob } from '../repository/blob.ts'
import type { Id } from '../repository/id.ts'
import { hasPackHeader, parsePackHeader, readPackHeader } from '../repository/pack-header.ts'
import type { PackedBlobs } from '../repository/packed-blobs.ts'
import type { Sealer } from '../repository/sealing.ts'
import type { Storage } from '../storage/storage.ts'

/** A pack whose header is to be verified. */
export interface PackEnd {
  readonly id: Id
  /** Bytes of the pack. */
  readonly size: number
  /** Its last bytes, as many as are at hand. */
  readonly end: Uint8Array
}

/** What a look at a header tells: what is wrong, as a sentence without the pack's name, or undefined where nothing is. */
export type HeaderVerdict = { readonly fault: string | undefined }

/**
 * Compares a pack's header with the index. A header that decodes has its blobs one after the other, without gaps: so do those of an index that
 * says the same.
 *
 * @param indexed - what the index says is in the pack
 * @returns undefined where the header does not lie within the bytes at hand
 */
export function verifyHeaderAtHand(
  sealer: Sealer,
  { id, size, end }: PackEnd,
  indexed: PackedBlobs,
): HeaderVerdict | undefined {
  try {
    if (hasPackHeader(sealer, id, end, size, indexed) === true) return { fault: undefined }
    const header = parsePackHeader(sealer, id, end, size)
    return header && { fault: difference(header, indexed) }
  } catch (error) {
    return { fault: damageIn(error) }
  }
}

/** As {@link verifyHeaderAtHand}, with the header read from the storage if need be. @returns what is wrong */
export async function verifyHeader(
  storage: Storage,
  sealer: Sealer,
  pack: PackEnd,
  indexed: PackedBlobs,
): Promise<string | undefined> {
  const verdict = verifyHeaderAtHand(sealer, pack, indexed)
  if (verdict !== undefined) return verdict.fault
  try {
    return difference(await readPackHeader(storage, sealer, pack.id, pack.size), indexed)
  } catch (error) {
    return damageIn(error)
  }
}

/** What a header is damaged by; any other failure is passed on. */
function damageIn(error: unknown): string {
  if (!isVarveError(error, 'ERR_VARVE_DAMAGED')) throw error
  return describeError(error.cause ?? error)
}

function difference(header: readonly PackedBlob[], indexed: PackedBlobs): string | undefined {
  if (header.length !== indexed.count) return `its header names ${header.length} blobs, the index ${indexed.count}`
  const inOrder = indexed.blobs()
  const different = header.findIndex((blob, i) => !isSame(blob, inOrder[i]))
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
