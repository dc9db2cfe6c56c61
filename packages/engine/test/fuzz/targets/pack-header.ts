import type { PackedBlob } from '../../../src/repository/blob.ts'
import { idOf } from '../../../src/repository/id.ts'
import { decodePackHeader, encodePackHeader, parsePackHeader } from '../../../src/repository/pack-header.ts'
import { PackedBlobs } from '../../../src/repository/packed-blobs.ts'
import { Sealer } from '../../../src/repository/sealing.ts'
import { assertSame, parsed, type FuzzTarget } from '../fuzz-target.ts'

const sealer = new Sealer({ encrypt: Buffer.alloc(32, 1), macK: Buffer.alloc(16, 2), macR: Buffer.alloc(16, 3) })
const PACK = idOf(Buffer.from('pack'))

function blob(number: number, fields: Partial<PackedBlob>): PackedBlob {
  const id = idOf(Buffer.of(number))
  return { type: 'data', id, offset: 100 * number, length: 100, uncompressedLength: 0, ...fields }
}

/** An input: bytes of the blobs, which the pack's size tells, then the header. */
function input(blobs: readonly PackedBlob[]): Buffer {
  const size = Buffer.alloc(4)
  size.writeUInt32LE(blobs.reduce((sum, { length }) => sum + length, 0))
  return Buffer.concat([size, encodePackHeader(PackedBlobs.of(blobs))])
}

/** Headers of packs, after the seal was opened; and the end of a pack as it is stored. */
export const packHeaderTarget: FuzzTarget = {
  name: 'pack-header',
  seeds: [
    input([blob(0, {})]),
    input([blob(0, { type: 'tree', uncompressedLength: 300 })]),
    input([blob(0, {}), blob(1, { type: 'tree' }), blob(2, { uncompressedLength: 1 }), blob(3, { length: 32 })]),
    input([]),
  ],
  words: ['\0', '\u0001', '\u0002', '\u0003', '\u0004', 'd\0\0\0', ' \0\0\0'],
  isJson: false,
  limitMs: 200,
  run(bytes) {
    const end = Buffer.from(bytes)
    // No seal is forged, so that all there is to this is how far it is read.
    const sealed = parsed('ERR_VARVE_DAMAGED', () => parsePackHeader(sealer, PACK, end, end.length * 2))
    if ('value' in sealed && sealed.value !== undefined) throw new Error('bytes without a seal were taken for a header')
    if (end.length < 4) return 'too short'
    const header = end.subarray(4)
    const size = end.readUInt32LE(0)
    const outcome = parsed('ERR_VARVE_DAMAGED', () => decodePackHeader(header, size))
    if ('refused' in outcome) return outcome.refused
    let offset = 0
    for (const { offset: start, length } of outcome.value) {
      if (start !== offset) throw new Error('blobs do not follow each other')
      offset += length
    }
    if (offset !== size) throw new Error('blobs do not fill the pack')
    // Of a blob that is said to be compressed and to have 0 bytes there is no other record than of one that is not.
    const isCanonical = outcome.value.every((_, i) => header[i * 37] !== undefined)
    const encoded = encodePackHeader(PackedBlobs.of(outcome.value))
    if (isCanonical && encoded.length === header.length) assertSame(encoded, header, 'a header is not what it was')
    return `${Math.min(outcome.value.length, 3)} blobs`
  },
}
