import { describeError, isVarveError } from '@varve/platform/errors'
import type { PackedBlob } from '../repository/blob.ts'
import type { Id } from '../repository/id.ts'
import { parsePackHeader, readPackHeader } from '../repository/pack-header.ts'
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

/**
 * Compares a pack's header with the index. A header that decodes has its blobs one after the other, without gaps: so do those of an index that
 * says the same.
 *
 * @param indexed - what the index says is in the pack, in any order
 * @returns what is wrong, as a sentence without the pack's name
 */
export async function verifyHeader(
  storage: Storage,
  sealer: Sealer,
  { id, size, end }: PackEnd,
  indexed: readonly PackedBlob[],
): Promise<string | undefined> {
  let header: readonly PackedBlob[]
  try {
    header = parsePackHeader(sealer, id, end, size) ?? (await readPackHeader(storage, sealer, id, size))
  } catch (error) {
    if (!isVarveError(error, 'ERR_VARVE_DAMAGED')) throw error
    return describeError(error.cause ?? error)
  }
  if (header.length !== indexed.length) {
    return `its header names ${header.length} blobs, the index ${indexed.length}`
  }
  const inOrder = indexed.toSorted((a, b) => a.offset - b.offset)
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
