import { randomBytes } from 'node:crypto'
import { createZstdCompress, createZstdDecompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isVarveError } from '@varve/platform/errors'
import { COMPRESSIONS, Compressor, Decompressor, decompress, decompressUpTo } from '../../src/repository/compression.ts'
import { ZstdError, ZstdHandle } from '../../src/repository/zstd-handle.ts'

const damaged = expect.objectContaining({ code: 'ERR_VARVE_DAMAGED' })
const compressor = new Compressor('auto')

/** Program code of a kind: it compresses, but not to nothing. */
function text(length: number): Buffer {
  let out = ''
  for (let line = 0; out.length < length; line++)
    out += `const value${line} = compute(${line * 7919}, 'name ${line}')\n`
  return Buffer.from(out).subarray(0, length)
}

describe('Compressor', () => {
  it.each(COMPRESSIONS)('%s makes frames that any zstd reads', (compression) => {
    const each = new Compressor(compression)
    for (const plain of [Buffer.alloc(0), Buffer.from('x'), text(1200), randomBytes(5000), text(2_000_000)]) {
      const frame = Buffer.from(each.compress(plain))
      expect(zstdDecompressSync(frame).equals(plain)).toBe(true)
      expect(decompress(frame, plain.length).equals(plain)).toBe(true)
    }
  })

  it('compresses harder when told to', () => {
    // Words in an order that means nothing: what prose is to a compressor.
    const words = text(20_000).toString().split(/\W+/)
    let plain = ''
    for (let state = 1; plain.length < 300_000; state = (state * 48_271) % 0x7fff_ffff)
      plain += `${words[state % words.length]} `
    const sizes = (['fastest', 'auto', 'better', 'max'] as const).map(
      (compression) => new Compressor(compression).compress(Buffer.from(plain)).length,
    )
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a))
    expect(new Set(sizes).size).toBe(4)
  })

  it('makes frames without checksum whose window is at most 512 KiB', () => {
    for (const plain of [text(100), text(400_000), text(3_000_000)]) {
      const frame = compressor.compress(plain)
      // RFC 8878, 3.1.1.1: magic number, then the descriptor with the checksum flag as bit 2 and the single-segment flag as bit 5.
      const descriptor = frame[4] ?? 0
      expect(descriptor & 0b100).toBe(0)
      const singleSegment = (descriptor & 0b10_0000) !== 0
      const exponent = (frame[5] ?? 0) >> 3
      expect(singleSegment ? plain.length : 2 ** (10 + exponent)).toBeLessThanOrEqual(512 * 1024)
    }
  })

  it('makes each frame of its own input alone', () => {
    const plain = text(50_000)
    const first = Buffer.from(compressor.compress(plain))
    compressor.compress(randomBytes(100_000))
    expect(Buffer.from(compressor.compress(plain)).equals(first)).toBe(true)
    expect(Buffer.from(new Compressor('auto').compress(plain)).equals(first)).toBe(true)
  })
})

describe('decompress', () => {
  it('undoes compress', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), fc.integer({ min: 1, max: 50 }), (piece, times) => {
        const plain = Buffer.concat(Array<Uint8Array>(times).fill(piece))
        expect(decompress(compressor.compress(plain), plain.length).equals(plain)).toBe(true)
      }),
    )
  })

  it('refuses content that is longer or shorter than declared', () => {
    const frame = Buffer.from(compressor.compress(text(1000)))
    for (const length of [0, 1, 999, 1001, 100_000]) expect(() => decompress(frame, length)).toThrow(damaged)
    expect(decompress(frame, 1000).equals(text(1000))).toBe(true)
  })

  it('writes no more than was declared, however much a frame makes', () => {
    const bomb = zstdCompressSync(Buffer.alloc(256 * 1024 * 1024))
    const before = process.memoryUsage().arrayBuffers
    expect(() => decompress(bomb, 1000)).toThrow(damaged)
    expect(() => decompressUpTo(bomb, 100_000)).toThrow(damaged)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024)
  })

  it('refuses what is no frame, or is cut off, or goes on after its end; and works again afterwards', () => {
    const plain = text(5000)
    const frame = Buffer.from(compressor.compress(plain))
    for (const bytes of [
      randomBytes(40),
      Buffer.alloc(0),
      frame.subarray(0, -1),
      frame.subarray(0, 20),
      Buffer.concat([frame, frame]),
    ]) {
      expect(() => decompress(bytes, plain.length)).toThrow(damaged)
      expect(decompress(frame, plain.length).equals(plain)).toBe(true)
    }
    expect(() => decompressUpTo(randomBytes(40), 1000)).toThrow(damaged)
  })

  it('survives any bytes', () => {
    const decompressor = new Decompressor()
    const frame = Buffer.from(compressor.compress(text(2000)))
    fc.assert(
      fc.property(fc.nat(frame.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(frame)
        changed[at] = (changed[at] ?? 0) ^ change
        // Without a checksum a change may go unnoticed here; the blob's hash finds it. What may not happen is anything else.
        let result: unknown
        try {
          result = decompressor.decompress(changed, 2000).length
        } catch (error) {
          result = isVarveError(error) ? error.code : error
        }
        expect([2000, 'ERR_VARVE_DAMAGED']).toContain(result)
      }),
    )
  })
})

describe('ZstdHandle', () => {
  const plain = Buffer.from('a sample')

  it('is not made of a stream that is not what it was, or does not give the same', () => {
    const stream = createZstdCompress()
    expect(ZstdHandle.of(stream, plain, Buffer.from('something else'))).toBeUndefined()
    const other = createZstdCompress()
    Reflect.set(other, '_handle', {})
    expect(ZstdHandle.of(other, plain, zstdCompressSync(plain))).toBeUndefined()
    const third = createZstdCompress()
    Reflect.set(third, '_writeState', undefined)
    expect(ZstdHandle.of(third, plain, zstdCompressSync(plain))).toBeUndefined()
    const fourth = createZstdDecompress()
    expect(ZstdHandle.of(fourth, plain, plain)).toBeUndefined()
  })

  it('is made of this Node, so that the fast way is the one that is tested', () => {
    const handle = ZstdHandle.of(createZstdCompress(), plain, zstdCompressSync(plain))
    expect(handle).toBeDefined()
    const output = Buffer.alloc(100)
    const written = handle?.write(plain, output)
    expect(output.subarray(0, written).equals(zstdCompressSync(plain))).toBe(true)
    expect(handle?.write(plain, Buffer.alloc(4))).toBeUndefined()
  })

  it('throws what zstd says', () => {
    const handle = ZstdHandle.of(createZstdDecompress(), zstdCompressSync(plain), plain)
    expect(() => handle?.write(randomBytes(30), Buffer.alloc(100))).toThrow(ZstdError)
  })
})
