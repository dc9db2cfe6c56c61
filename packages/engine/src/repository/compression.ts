import { promisify } from 'node:util'
import {
  constants,
  createZstdCompress,
  createZstdDecompress,
  zstdCompressSync,
  zstdDecompress,
  zstdDecompressSync,
} from 'node:zlib'
import { VarveError, describeError } from '@varve/platform/errors'
import { ZstdHandle } from './zstd-handle.ts'

/** How hard to compress; restic's words. `auto` is the default, `off` leaves file content (and only that) as it is. */
export type Compression = 'auto' | 'off' | 'max' | 'fastest' | 'better'

/** All values of {@link Compression}. */
export const COMPRESSIONS = ['auto', 'off', 'max', 'fastest', 'better'] as const satisfies readonly Compression[]

/**
 * zstd levels. `auto` and `fastest` are what the words mean in restic; from level 8 on a megabyte of program code takes ever longer
 * (7: 11 ms, 11: 21 ms, 15: 97 ms, 19: 236 ms) and gets little smaller (223, 219, 215, 202 KB of 1 MiB), so `better` stops before
 * that and `max` does not.
 */
const LEVELS = { fastest: 1, auto: 3, off: 3, better: 7, max: 19 } as const satisfies Record<Compression, number>

/** 512 KiB, as restic's: most of a blob, without much memory in the reader. */
const WINDOW_LOG = 19

/**
 * Level 3 with tables of half the size, which stay in the processor's cache: a ninth faster on large blobs that compress, which get 0.04 to 0.6 %
 * larger; small ones stay as they are, for zstd makes tables that fit them.
 */
const LEVEL_3_TABLES = { [constants.ZSTD_c_hashLog]: 16, [constants.ZSTD_c_chainLog]: 15 } as const

/**
 * Makes zstd frames (RFC 8878) without checksum: each call one frame that stands alone. Keeps its native memory: see {@link sharedCompressor}.
 */
export class Compressor {
  readonly #params: Record<number, number>
  readonly #handle: ZstdHandle | undefined

  /** @param compression - `off` compresses like `auto`: whether to compress at all is the caller's decision, since trees always are */
  constructor(compression: Compression) {
    const level = LEVELS[compression]
    this.#params = {
      ...(level === 3 ? LEVEL_3_TABLES : {}),
      [constants.ZSTD_c_compressionLevel]: level,
      [constants.ZSTD_c_windowLog]: WINDOW_LOG,
      [constants.ZSTD_c_checksumFlag]: 0,
    }
    const sample = Buffer.from('a sample, a sample, of what is compressed')
    const expected = zstdCompressSync(sample, { params: this.#params })
    this.#handle = ZstdHandle.of(createZstdCompress({ params: this.#params }), sample, expected)
  }

  /** One frame of `plain`, in a new buffer. */
  compress(plain: Uint8Array): Buffer {
    const output = Buffer.allocUnsafeSlow(compressBound(plain.length))
    return output.subarray(0, this.compressInto(plain, output, 0))
  }

  /**
   * Writes one frame of `plain` into `target` from `offset` on, where there must be {@link compressBound} bytes.
   * @returns bytes of the frame
   */
  compressInto(plain: Uint8Array, target: Uint8Array, offset: number): number {
    const output = target.subarray(offset, offset + compressBound(plain.length))
    const written = this.#handle?.write(plain, output)
    if (written !== undefined) return written
    if (this.#handle !== undefined) throw new Error('zstd needs more room than its bound')
    const frame = zstdCompressSync(plain, { params: this.#params })
    output.set(frame)
    return frame.length
  }
}

const compressors = new Map<Compression, Compressor>()

/** A compressor of this thread: who compresses one thing after the other needs the memory for one only. */
export function sharedCompressor(compression: Compression): Compressor {
  const found = compressors.get(compression)
  if (found !== undefined) return found
  const made = new Compressor(compression)
  compressors.set(compression, made)
  return made
}

/** Bytes to have ready for a frame of `length` bytes: what zstd makes at most, by its `ZSTD_compressBound`, and some. */
export function compressBound(length: number): number {
  const margin = 128 * 1024
  return length + Math.floor(length / 256) + (length < margin ? Math.floor((margin - length) / 2048) : 0) + 64
}

/** Undoes what {@link Compressor} does. Keeps its native memory, so use one per thread. */
export class Decompressor {
  readonly #handle: ZstdHandle | undefined

  constructor() {
    const expected = Buffer.from('a sample, a sample, of what is decompressed')
    this.#handle = ZstdHandle.of(createZstdDecompress(), zstdCompressSync(expected), expected)
  }

  /**
   * The content of a zstd frame, in a new buffer.
   *
   * @param frame - the frame, and nothing else
   * @param length - bytes that it must make; no more than one byte beyond these is ever written
   * @throws ERR_VARVE_DAMAGED where it is no frame, or makes more or fewer bytes
   */
  decompress(frame: Uint8Array, length: number): Buffer {
    return this.decompressInto(frame, length, Buffer.allocUnsafe(length + 1))
  }

  /**
   * As {@link decompress}, at the start of memory that the caller has.
   *
   * @param target - has room for one byte more than wanted, so that zstd can show that it has more to give
   */
  decompressInto(frame: Uint8Array, length: number, target: Buffer): Buffer {
    const handle = this.#handle
    if (handle === undefined) return exactly(length, decompressUpTo(frame, length + 1))
    const written = damagedIfRefused(() => handle.write(frame, target.subarray(0, length + 1)))
    if (written === undefined) throw new VarveError('ERR_VARVE_DAMAGED', `decompresses to more than ${length} bytes`)
    return exactly(length, target.subarray(0, written))
  }
}

function exactly(length: number, content: Buffer): Buffer {
  if (content.length === length) return content
  throw new VarveError('ERR_VARVE_DAMAGED', `decompresses to ${content.length} bytes instead of ${length}`)
}

/** Output memory that zstd gets at once. */
const MIN_CHUNK = 64 * 1024

const decompressInPool = promisify(zstdDecompress)

let shared: Decompressor | undefined

/** {@link Decompressor.decompress} with one decompressor for this thread. */
export function decompress(frame: Uint8Array, length: number): Buffer {
  shared ??= new Decompressor()
  return shared.decompress(frame, length)
}

/**
 * The content of a zstd frame whose length nothing declares, in a new buffer.
 *
 * @param limit - most bytes to make of it
 * @throws ERR_VARVE_DAMAGED where it is no frame, or makes more than `limit` bytes
 */
export function decompressUpTo(frame: Uint8Array, limit: number): Buffer {
  return damagedIfRefused(() => zstdDecompressSync(frame, { maxOutputLength: limit }))
}

/** As {@link decompressUpTo}, in a thread of Node's. */
export async function decompressElsewhere(frame: Uint8Array, limit: number): Promise<Buffer> {
  // Text of ids and numbers gets to a third; what comes in one piece need not be joined.
  const chunkSize = Math.max(MIN_CHUNK, frame.length * 4)
  try {
    return await decompressInPool(frame, { maxOutputLength: limit, chunkSize })
  } catch (error) {
    throw doesNotDecompress(error)
  }
}

function damagedIfRefused<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw doesNotDecompress(error)
  }
}

function doesNotDecompress(error: unknown): VarveError {
  return new VarveError('ERR_VARVE_DAMAGED', `does not decompress (${describeError(error)})`, { cause: error })
}
