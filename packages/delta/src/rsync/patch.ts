import { createHash } from 'node:crypto'
import { VarveError, throwIfAborted } from '@varve/platform/errors'
import type { ByteStream } from './byte-stream.ts'
import { DeltaReader, type FileIdentity } from './delta-reader.ts'
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
 * Makes the new content out of the old one and a delta. Before the first piece comes, the old file has been read and found to be the one that the delta is for.
 *
 * **What comes is right only once all of it has come**: delta and result are checked at the end, and an error there means that the pieces before it are
 * worth nothing. So write beside, and rename when the iteration has ended without an error. `patchFile` does so.
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
  const { greatestSize = Number.MAX_SAFE_INTEGER, signal } = options
  const reader = new DeltaReader(delta)
  try {
    await requireBase(base, await reader.header(), signal)
    const instructions = reader.instructions()
    const whole = createHash('sha256')
    let made = 0
    for (;;) {
      const { done, value } = await instructions.next()
      if (done === true) {
        if (!whole.digest().equals(value.digest)) {
          throw new VarveError('ERR_VARVE_DAMAGED', 'the delta does not make the file that it should')
        }
        return
      }
      made += value.kind === 'copy' ? value.length : value.bytes.length
      if (made > greatestSize) {
        throw new VarveError('ERR_VARVE_DAMAGED', `the delta makes a file of more than ${greatestSize} bytes`)
      }
      for await (const piece of value.kind === 'copy'
        ? copied(base, value.offset, value.length)
        : [value.bytes.slice()]) {
        throwIfAborted(signal)
        whole.update(piece)
        yield piece
      }
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
  for await (const piece of copied(base, 0, base.size)) {
    throwIfAborted(signal)
    whole.update(piece)
  }
  if (!whole.digest().equals(wanted.digest)) {
    throw new VarveError('ERR_VARVE_WRONG_BASE', 'the delta is for a file with other content than this one')
  }
}

async function* copied(
  base: RandomAccess,
  offset: number,
  length: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let done = 0; done < length;) {
    const piece = Buffer.allocUnsafeSlow(Math.min(PIECE, length - done))
    const count = await base.read(piece, offset + done)
    if (count === 0) {
      throw new VarveError('ERR_VARVE_WRONG_BASE', `the old file ended at ${offset + done} while it was read`)
    }
    yield piece.subarray(0, count)
    done += count
  }
}
