import { createHash } from 'node:crypto'
import { throwIfAborted, VarveError } from '@varve/platform/errors'
import type { ByteStream } from './byte-stream.ts'
import { carryOut, type PatchOptions } from './carry-out.ts'
import { DeltaReader, type FileIdentity } from './delta-reader.ts'
import type { RandomAccess } from './random-access.ts'

/** Bytes that are read at once to find out whether the old file is the right one. */
const PIECE = 1024 * 1024

/** How to apply a delta that says which file it is for. */
export interface DeltaPatchOptions extends PatchOptions {
  /**
   * SHA-256 of the old content, 32 bytes, where the caller has just computed it: the old file is then not read once more to find out whether it is the right
   * one. The result is checked all the same.
   */
  readonly baseDigest?: Uint8Array
}

/**
 * Makes the new content out of the old one and a delta. Before the first piece comes, the old file has been read and found to be the one that the delta is for.
 *
 * **What comes is right only once all of it has come**: delta and result are checked at the end, and an error there means that the pieces before it are
 * worth nothing. So write beside, and rename when the iteration has ended without an error.
 *
 * @param base - the old content, which is read twice, unless `baseDigest` is given, and must not change meanwhile
 * @param delta - the bytes that `computeDelta` gave
 * @throws ERR_VARVE_WRONG_BASE where the delta is for another file; ERR_VARVE_DAMAGED where the delta is not what it was, or the result is not what it should be;
 *   ERR_VARVE_FORMAT where it is no delta, or one of a later version; ERR_VARVE_ABORTED; what reading throws
 */
export async function* applyDelta(
  base: RandomAccess,
  delta: ByteStream,
  options: DeltaPatchOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = new DeltaReader(delta)
  try {
    await requireBase(base, await reader.header(), options)
    const pieces = carryOut(base, reader.instructions(), options)
    const whole = createHash('sha256')
    for (;;) {
      const { done, value } = await pieces.next()
      if (done !== true) {
        whole.update(value)
        yield value
        continue
      }
      if (whole.digest().equals(value.digest)) return
      throw new VarveError('ERR_VARVE_DAMAGED', 'the delta does not make the file that it should')
    }
  } finally {
    await reader.close()
  }
}

async function requireBase(base: RandomAccess, wanted: FileIdentity, options: DeltaPatchOptions): Promise<void> {
  if (base.size !== wanted.size) {
    throw new VarveError(
      'ERR_VARVE_WRONG_BASE',
      `the delta is for a file of ${wanted.size} bytes, this one has ${base.size}`,
    )
  }
  const digest = options.baseDigest ?? (await digestOf(base, options.signal))
  if (Buffer.compare(digest, wanted.digest) !== 0) {
    throw new VarveError('ERR_VARVE_WRONG_BASE', 'the delta is for a file with other content than this one')
  }
}

/** While one piece is hashed the next is read. */
async function digestOf(file: RandomAccess, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const whole = createHash('sha256')
  const pieceSize = Math.min(PIECE, Math.max(1, file.size))
  let here = Buffer.allocUnsafeSlow(pieceSize)
  let there = Buffer.allocUnsafeSlow(pieceSize)
  let at = 0
  let count = await file.read(here, at)
  while (count > 0) {
    throwIfAborted(signal)
    at += count
    const next = file.read(there, at)
    whole.update(here.subarray(0, count))
    count = await next
    const read = there
    there = here
    here = read
  }
  return whole.digest()
}
