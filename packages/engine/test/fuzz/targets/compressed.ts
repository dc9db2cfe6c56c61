import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { Compressor, Decompressor } from '../../../src/repository/compression.ts'
import { decodeUnpacked, encodeUnpacked } from '../../../src/repository/unpacked-object.ts'
import { assertSame, parsed, type FuzzTarget } from '../fuzz-target.ts'

/** Bytes that a frame may be said to make here. */
const MOST = 2 ** 20

const compressor = new Compressor('auto')
const decompressor = new Decompressor()
/** Bytes behind the room for a frame's content, to see whether anything is written to them. */
const MARGIN = 64
const MEMORY = Buffer.alloc(MOST + 1 + MARGIN)

/** An input: how many bytes the frame is said to make, then the frame. */
function input(plain: Uint8Array, frame: Uint8Array = compressor.compress(plain)): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(plain.length)
  return Buffer.concat([length, frame])
}

const TEXT = Buffer.from('a varve is the layer of sediment that one year leaves on a lake bed. '.repeat(20))
const BOMB = Buffer.alloc(MOST * 4)

/** Compressed blobs and documents. */
export const compressedTarget: FuzzTarget = {
  name: 'compressed',
  seeds: [
    input(TEXT),
    input(Buffer.alloc(0)),
    input(Buffer.from('x')),
    input(Buffer.alloc(100_000)),
    input(TEXT, zstdCompressSync(TEXT)),
    input(BOMB),
    input(TEXT, Buffer.concat([compressor.compress(TEXT.subarray(0, 100)), compressor.compress(TEXT.subarray(100))])),
    Buffer.from(encodeUnpacked(Buffer.from('{"packs":[]}'), 2, compressor)),
  ],
  words: ['\u00b5/\u00fd', 'P*M\u0018', '\0\0\0', '\u0001\0\0', '{', '[', '\u0002'],
  isJson: false,
  limitMs: 500,
  run(bytes) {
    const document = parsed('ERR_VARVE_DAMAGED', () => decodeUnpacked(bytes, 2))
    if (bytes.length < 4) return 'refused' in document ? document.refused : 'document'
    const length = Math.min(Buffer.from(bytes).readUInt32LE(0), MOST)
    const frame = bytes.subarray(4)
    // What lies beyond the room for one more byte must stay as it is.
    MEMORY.fill(0xa5, length + 1, length + 1 + MARGIN)
    const outcome = parsed('ERR_VARVE_DAMAGED', () => decompressor.decompressInto(frame, length, MEMORY))
    if (MEMORY.subarray(length + 1, length + 1 + MARGIN).some((byte) => byte !== 0xa5))
      throw new Error('more was written')
    if ('refused' in outcome) return outcome.refused
    if (outcome.value.length !== length) throw new Error('another length than declared')
    const expected = publicCall(frame)
    if (expected !== undefined) assertSame(outcome.value, expected, 'not what the public call gives')
    // Nothing may be left over from what was refused before.
    assertSame(decompressor.decompress(compressor.compress(outcome.value), length), outcome.value, 'not what it was')
    return expected === undefined ? 'frame that the public call refuses' : 'frame'
  },
}

/**
 * What Node's own call makes of a frame, undefined where it refuses it. With little room for content, zstd does not look whether a frame whose last
 * block is empty has the length that its header says. We know the length, and the content's hash besides.
 */
function publicCall(frame: Uint8Array): Buffer | undefined {
  try {
    return zstdDecompressSync(frame, { maxOutputLength: MOST + 1 })
  } catch {
    return undefined
  }
}
