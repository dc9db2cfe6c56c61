import { idFromBytes, ID_SIZE } from './id.ts'
import type { PackedBlob } from './blob.ts'

/**
 * The blobs of a pack in the order in which they lie, a column for each of their properties: who looks at every blob of a repository would leave some
 * objects for each of them behind. A plain value: threads get it.
 */
export interface PackColumns {
  readonly count: number
  /** {@link ID_SIZE} bytes each. */
  readonly ids: Uint8Array
  /** 0 for content, 1 for folders. */
  readonly kinds: Uint8Array
  readonly offsets: Uint32Array
  readonly lengths: Uint32Array
  readonly uncompressedLengths: Uint32Array
}

/** Some of the blobs that columns hold, which follow each other there. */
export function sliceColumns(columns: PackColumns, from: number, to: number): PackColumns {
  return {
    count: to - from,
    ids: columns.ids.slice(from * ID_SIZE, to * ID_SIZE),
    kinds: columns.kinds.slice(from, to),
    offsets: columns.offsets.slice(from, to),
    lengths: columns.lengths.slice(from, to),
    uncompressedLengths: columns.uncompressedLengths.slice(from, to),
  }
}

/** Blobs in columns, whatever order they come in. */
export function columnsOf(blobs: readonly PackedBlob[]): PackColumns {
  const sorted = blobs.toSorted((a, b) => a.offset - b.offset)
  return {
    count: sorted.length,
    ids: Uint8Array.from(Buffer.from(sorted.map(({ id }) => id).join(''), 'hex')),
    kinds: Uint8Array.from(sorted, ({ type }) => (type === 'data' ? 0 : 1)),
    offsets: Uint32Array.from(sorted, ({ offset }) => offset),
    lengths: Uint32Array.from(sorted, ({ length }) => length),
    uncompressedLengths: Uint32Array.from(sorted, ({ uncompressedLength }) => uncompressedLength),
  }
}

/** One of the blobs. */
export function blobAt(columns: PackColumns, at: number): PackedBlob {
  return {
    type: columns.kinds[at] === 0 ? 'data' : 'tree',
    id: idFromBytes(columns.ids, at * ID_SIZE),
    offset: columns.offsets[at] ?? 0,
    length: columns.lengths[at] ?? 0,
    uncompressedLength: columns.uncompressedLengths[at] ?? 0,
  }
}

/** All of the blobs. */
export function blobsOf(columns: PackColumns): readonly PackedBlob[] {
  return Array.from({ length: columns.count }, (_, at) => blobAt(columns, at))
}
