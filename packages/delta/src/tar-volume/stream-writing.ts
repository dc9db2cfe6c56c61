import { throwIfAborted, VarveError } from '@varve/platform/errors'
import { ByteReader } from './byte-reader.ts'
import type { WritableEntry } from './entry-encoding.ts'
import type { Content } from './part-writer.ts'
import type { Spool } from '../spool/spool.ts'
import type { VolumeSetWriter } from './volume-set-writer.ts'

/** How a stream of unknown size is written. */
export interface UnmeasuredOptions {
  readonly spool: Spool
  /** Whether a stream that is larger than a volume is split. */
  readonly split: boolean
  /** Counts content as it is written. */
  readonly counted: (content: Content) => Content
  readonly signal: AbortSignal | undefined
}

/**
 * Writes a file with the content of a stream whose size is not known: as much as a volume holds is kept until it is known whether that is all of it, or
 * everything where files are not split.
 *
 * @throws ERR_VARVE_STORAGE, ERR_VARVE_ABORTED, and what the stream throws
 */
export async function writeUnmeasured(
  set: VolumeSetWriter,
  entry: WritableEntry,
  stream: AsyncIterable<Uint8Array>,
  { spool, split, counted, signal }: UnmeasuredOptions,
): Promise<void> {
  const parts = set.beginParts(entry)
  const bytes = new ByteReader(stream, `the stream '${entry.path}'`)
  const fill = async (): Promise<void> => {
    for (;;) {
      throwIfAborted(signal)
      const room = split ? parts.capacity - spool.size : Infinity
      const piece = room === 0 ? undefined : await bytes.some(room)
      if (piece === undefined) return
      await spool.append(Buffer.from(piece))
    }
  }
  try {
    await fill()
    if (await bytes.isAtEnd()) {
      await set.write({ ...entry, size: spool.size }, counted(spool.content()))
      return
    }
    for (let last = false; !last;) {
      last = await bytes.isAtEnd()
      await parts.add(counted(spool.content()), spool.size, last)
      await spool.clear()
      if (!last) await fill()
    }
    parts.finish()
  } finally {
    await spool.clear()
    await bytes.close()
  }
}

/**
 * The same bytes.
 * @throws ERR_VARVE_BAD_ARGUMENT where there are not as many as were announced
 */
export async function* exactly(
  stream: AsyncIterable<Uint8Array>,
  size: number,
  name: string,
): AsyncGenerator<Uint8Array> {
  let given = 0
  for await (const bytes of stream) {
    given += bytes.length
    if (given > size) break
    yield bytes
  }
  if (given === size) return
  const found = given > size ? 'more' : `only ${given}`
  throw new VarveError('ERR_VARVE_BAD_ARGUMENT', `${size} bytes were announced for '${name}', but there are ${found}`)
}
