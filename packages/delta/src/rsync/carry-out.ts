import { throwIfAborted, VarveError } from '@varve/platform/errors'
import type { DeltaInstruction } from './delta-instruction.ts'
import type { RandomAccess } from './random-access.ts'

/** Bytes that are read of the old file at once, at most. */
const PIECE = 1024 * 1024

/** How to apply a delta. */
export interface PatchOptions {
  /** Bytes beyond which the new file is refused with ERR_VARVE_DAMAGED; by default as many as it likes. A short delta can ask for a long file. */
  readonly greatestSize?: number
  readonly signal?: AbortSignal
}

/**
 * What instructions make of the old file, in pieces that the caller keeps.
 *
 * @returns what the instructions return
 * @throws ERR_VARVE_DAMAGED where more than `greatestSize` bytes come; ERR_VARVE_WRONG_BASE where the old file turns out shorter than it was;
 *   ERR_VARVE_ABORTED; what reading and the instructions throw
 */
export async function* carryOut<Result>(
  base: RandomAccess,
  instructions: AsyncGenerator<DeltaInstruction, Result, undefined>,
  options: PatchOptions,
): AsyncGenerator<Uint8Array, Result, undefined> {
  const { greatestSize = Number.MAX_SAFE_INTEGER, signal } = options
  let made = 0
  for (;;) {
    throwIfAborted(signal)
    const { done, value } = await instructions.next()
    if (done === true) return value
    made += value.kind === 'copy' ? value.length : value.bytes.length
    if (made > greatestSize) {
      throw new VarveError('ERR_VARVE_DAMAGED', `the delta makes a file of more than ${greatestSize} bytes`)
    }
    if (value.kind === 'copy') yield* piecesOf(base, value.offset, value.length, signal)
    else yield Uint8Array.from(value.bytes)
  }
}

/**
 * Part of a file, in pieces that the caller keeps. While the caller is busy with one the next is read.
 *
 * @throws ERR_VARVE_WRONG_BASE where the file ends before; ERR_VARVE_ABORTED; what reading throws
 */
export async function* piecesOf(
  file: RandomAccess,
  offset: number,
  length: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const end = offset + length
  let next = pieceAt(file, offset, end)
  try {
    for (let at = offset; at < end;) {
      throwIfAborted(signal)
      const piece = await next
      if (piece.length === 0) {
        throw new VarveError('ERR_VARVE_WRONG_BASE', `the old file ended at ${at} while it was read`)
      }
      at += piece.length
      next = pieceAt(file, at, end)
      yield piece
    }
  } finally {
    // nothing is read any more once this ends, and what the last read threw is for nobody
    await next.catch(() => undefined)
  }
}

async function pieceAt(file: RandomAccess, at: number, end: number): Promise<Uint8Array> {
  if (at === end) return new Uint8Array()
  const piece = Buffer.allocUnsafeSlow(Math.min(PIECE, end - at))
  return piece.subarray(0, await file.read(piece, at))
}
