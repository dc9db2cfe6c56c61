import type { CopyInstruction } from '../rsync/delta-instruction.ts'

/*
 * The commands of librsync's deltas. All numbers have their highest byte first.
 */

/** What a delta begins with. */
export const LIBRSYNC_DELTA_MAGIC = 0x72730236

/** The command after the last one. */
export const END = 0

/** Commands up to this one are literals of as many bytes. */
export const GREATEST_SHORT_LITERAL = 0x40

/** The first of four commands for literals whose length follows in 1, 2, 4 or 8 bytes. */
export const FIRST_LITERAL = 0x41

/** The first of sixteen commands for copies: offset and length follow; their widths count up, the length's first. */
export const FIRST_COPY = 0x45

/** The last command that there is. */
export const LAST_COPY = 0x54

/** Bytes that numbers can have. */
export const WIDTHS = [1, 2, 4, 8] as const

/** A copy. */
export function encodeLibrsyncCopy({ offset, length }: CopyInstruction): Uint8Array {
  const offsetWidth = widthOf(offset)
  const lengthWidth = widthOf(length)
  return Buffer.concat([
    Uint8Array.of(FIRST_COPY + 4 * offsetWidth + lengthWidth),
    encodeNumber(offset, offsetWidth),
    encodeNumber(length, lengthWidth),
  ])
}

/** What comes before the bytes of a literal. */
export function encodeLibrsyncLiteralHead(length: number): Uint8Array {
  if (length <= GREATEST_SHORT_LITERAL) return Uint8Array.of(length)
  const width = widthOf(length)
  return Buffer.concat([Uint8Array.of(FIRST_LITERAL + width), encodeNumber(length, width)])
}

/** Which of the four widths a number needs. */
function widthOf(value: number): number {
  if (value < 2 ** 8) return 0
  if (value < 2 ** 16) return 1
  return value < 2 ** 32 ? 2 : 3
}

function encodeNumber(value: number, width: number): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes.subarray(8 - (WIDTHS[width] ?? 8))
}
