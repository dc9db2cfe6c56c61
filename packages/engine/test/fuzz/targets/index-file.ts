import { BlobIndex } from '../../../src/repository/blob-index.ts'
import type { PackContents, PackedBlob } from '../../../src/repository/blob.ts'
import { idOf } from '../../../src/repository/id.ts'
import { decodeIndex, encodeIndex } from '../../../src/repository/index-file.ts'
import { PackedBlobs } from '../../../src/repository/packed-blobs.ts'
import { wantedPieces, wholePieces } from '../../../src/maintenance/pack-pieces.ts'
import { packSizeByIndex } from '../../../src/maintenance/check-packs.ts'
import { assertSame, parsed, type FuzzTarget } from '../fuzz-target.ts'

const NAME = idOf(Buffer.from('index'))

function blob(number: number, fields: Partial<PackedBlob> = {}): PackedBlob {
  const id = idOf(Buffer.of(number))
  return { type: 'data', id, offset: 100 * number, length: 100, uncompressedLength: 0, ...fields }
}

const PACK: PackContents = { id: idOf(Buffer.of(100)), blobs: [blob(0), blob(1, { uncompressedLength: 500 })] }
const TREES: PackContents = { id: idOf(Buffer.of(101)), blobs: [blob(2, { type: 'tree' }), blob(2), blob(0)] }

/** Index files, and what is made of their entries before anything is read. */
export const indexTarget: FuzzTarget = {
  name: 'index',
  seeds: [
    encodeIndex([]),
    encodeIndex([PACK]),
    encodeIndex([PACK, TREES, PACK]),
    Buffer.from(`{"supersedes":["${NAME}"],"packs":[{"id":"${PACK.id}","blobs":null}]}`),
    Buffer.from(
      `{"packs":null,"packs_to_delete":[{"id":"${PACK.id}","time":"2024-01-01T00:00:00Z","size":5,"blobs":[]}]}`,
    ),
  ],
  words: [
    'packs',
    'id',
    'blobs',
    'type',
    'offset',
    'length',
    'uncompressed_length',
    'supersedes',
    'packs_to_delete',
    'data',
    'tree',
    PACK.id,
    blob(0).id,
    'size',
    'time',
  ],
  isJson: true,
  limitMs: 200,
  run(input) {
    const outcome = parsed('ERR_VARVE_DAMAGED', () => decodeIndex(input, NAME))
    if ('refused' in outcome) return outcome.refused
    const encoded = encodeIndex(outcome.value)
    assertSame(encodeIndex(decodeIndex(encoded, NAME)), encoded, 'an index is not what it was')
    const index = new BlobIndex()
    for (const pack of outcome.value) index.add(pack)
    for (const pack of index.packs()) {
      const size = packSizeByIndex(pack)
      for (const { type, id } of pack.blobs) if (!index.has(type, id)) throw new Error('the index lost a blob')
      const whole = wholePieces(1000, PackedBlobs.inOrder(pack.blobs))
      if (whole.reduce((sum, { length }) => sum + length, 0) !== 1000) throw new Error('pieces do not make a pack')
      const wanted = wantedPieces(pack.blobs).reduce((sum, { blobs }) => sum + blobs.length, 0)
      if (wanted !== pack.blobs.length || !Number.isSafeInteger(size)) throw new Error('blobs were lost')
    }
    return `${Math.min(outcome.value.length, 3)} packs, ${Math.min(index.entryCount, 3)} blobs`
  },
}
