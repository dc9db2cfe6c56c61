import { createHash } from 'node:crypto'
import { VarveError } from '@varve/platform/errors'
import type { ByteStream } from './byte-stream.ts'
import { carryOut, piecesOf, type PatchOptions } from './carry-out.ts'
import { DeltaReader, type FileIdentity } from './delta-reader.ts'
import type { RandomAccess } from './random-access.ts'

/**
 * Makes the new content out of the old one and a delta. Before the first piece comes, the old file has been read and found to be the one that the delta is for.
 *
 * **What comes is right only once all of it has come**: delta and result are checked at the end, and an error there means that the pieces before it are
 * worth nothing. So write beside, and rename when the iteration has ended without an error.
 *
 * @param base - the old content, which is read twice and must not change meanwhile
 * @param delta - the bytes that `computeDelta` gave
 * @throws ERR_VARVE_WRONG_BASE where the delta is for another file; ERR_VARVE_DAMAGED where the delta is not what it was, or the result is not what it should be;
 *   ERR_VARVE_FORMAT where it is no delta, or one of a later version; ERR_VARVE_ABORTED; what reading throws
 */
export async function* applyDelta(
  base: RandomAccess,
  delta: ByteStream,
  options: PatchOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = new DeltaReader(delta)
  try {
    await requireBase(base, await reader.header(), options.signal)
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

async function requireBase(base: RandomAccess, wanted: FileIdentity, signal: AbortSignal | undefined): Promise<void> {
  if (base.size !== wanted.size) {
    throw new VarveError(
      'ERR_VARVE_WRONG_BASE',
      `the delta is for a file of ${wanted.size} bytes, this one has ${base.size}`,
    )
  }
  const whole = createHash('sha256')
  for await (const piece of piecesOf(base, 0, base.size, signal)) whole.update(piece)
  if (!whole.digest().equals(wanted.digest)) {
    throw new VarveError('ERR_VARVE_WRONG_BASE', 'the delta is for a file with other content than this one')
  }
}
