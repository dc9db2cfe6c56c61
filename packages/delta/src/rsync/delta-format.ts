import type { CopyInstruction } from './delta-instruction.ts'
import type { Signature } from './signature.ts'
import { encodeVarint } from './varint.ts'

/*
 * The bytes of a delta; docs/delta-format.md specifies them.
 */

/** What deltas begin with: `VRVD` and the version of the format. */
export const DELTA_MAGIC = Uint8Array.from([0x56, 0x52, 0x56, 0x44, 1])

/** Bytes of a whole file's hash. */
export const DIGEST_LENGTH = 32

/** Bytes that are kept of the SHA-256 of all of a delta before them. */
export const DELTA_CHECKSUM_LENGTH = 16

/** What a delta begins with: its kind, and which file it is for. */
export function encodeDeltaHeader({ fileSize, digest }: Pick<Signature, 'fileSize' | 'digest'>): Uint8Array {
  return Buffer.concat([DELTA_MAGIC, encodeVarint(fileSize), digest])
}

/** A copy. `copied`: where the last copy ended in the old file; 0 for the first. */
export function encodeCopy({ offset, length }: CopyInstruction, copied: number): Uint8Array {
  const distance = offset - copied
  return Buffer.concat([encodeVarint(2 * length + 1), encodeVarint(distance < 0 ? -2 * distance - 1 : 2 * distance)])
}

/** What comes before the bytes of a literal. */
export function encodeLiteralHead(length: number): Uint8Array {
  return encodeVarint(2 * length)
}

/** What comes after the last instruction: the end, and which file it makes. The checksum is yet to follow. */
export function encodeDeltaTrailer(targetSize: number, targetDigest: Uint8Array): Uint8Array {
  return Buffer.concat([encodeVarint(0), encodeVarint(targetSize), targetDigest])
}
