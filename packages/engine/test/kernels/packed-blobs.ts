import { SEAL_OVERHEAD } from '../../src/repository/blob.ts'
import { idOf, type Id } from '../../src/repository/id.ts'
import { FRESH_PACK_MEMORY } from '../../src/repository/pack-memory.ts'
import { PackWriter, type FinishedPack } from '../../src/repository/pack-writer.ts'
import { noise } from '../fixtures/repository-fixture.ts'
import { contentsOf, packOptions } from '../repository/test-packs.ts'

/** With one key for all. */
export const options = packOptions()

/** Blobs before they are packed. */
export interface PlainBlobs {
  readonly blobs: readonly { readonly id: Id; readonly plain: Buffer }[]
  /** Bytes of all of them. */
  readonly bytes: number
}

/** Blobs of one kind: short ones are sealed in another way than long ones, and noise is stored as it is. */
export const KINDS = [
  { what: 'short noise', isShort: true, isCompressed: false, plain: () => plainBlobs(2000, 300, 'noise') },
  { what: 'short text', isShort: true, isCompressed: true, plain: () => plainBlobs(2000, 3000, 'text') },
  { what: 'long noise', isShort: false, isCompressed: false, plain: () => plainBlobs(12, 1_000_000, 'noise') },
  { what: 'long text', isShort: false, isCompressed: true, plain: () => plainBlobs(12, 1_000_000, 'text') },
] as const

function plainBlobs(count: number, length: number, content: 'noise' | 'text'): PlainBlobs {
  const blobs = Array.from({ length: count }, (_, number) => {
    const plain =
      content === 'noise'
        ? noise(length, number + 1)
        : Buffer.from(noise(length / 2, number + 1).toString('hex'), 'latin1')
    return { id: idOf(plain), plain }
  })
  return { blobs, bytes: count * length }
}

/** What a thread that saves has one of. */
export function newWriter(): PackWriter {
  return new PackWriter('data', options, FRESH_PACK_MEMORY)
}

/** A pack of all of them. */
export function packOf({ blobs }: PlainBlobs, writer: PackWriter = newWriter()): FinishedPack {
  for (const { id, plain } of blobs) writer.add(id, plain)
  return writer.finish()
}

/** Bytes of a pack's blobs as they are enciphered: without nonces and tags. */
export function textLength({ indexed }: FinishedPack): number {
  return contentsOf(indexed).blobs.reduce((sum, { length }) => sum + length - SEAL_OVERHEAD, 0)
}
