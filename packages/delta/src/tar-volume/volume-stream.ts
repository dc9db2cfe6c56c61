import type { Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { describeError, systemErrorCode, throwIfAborted, VarveError } from '@varve/platform/errors'
import { toFsPath } from '@varve/platform/file-name'
import { type Compression, decompressor, detectCompression, MAGIC_BYTES } from './compression.ts'

/** How a volume is read. */
export interface VolumeStreamOptions {
  readonly compression: Compression
  /** Where to begin, in bytes of a file that is not compressed. */
  readonly start?: number
  /** Takes the bytes of the file, compressed as they are. */
  readonly hash?: Hash | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * How a volume is compressed, by what it begins with: its name may be anything.
 * @throws ERR_VARVE_NOT_FOUND, ERR_VARVE_STORAGE
 */
export async function compressionOf(path: string): Promise<Compression> {
  try {
    const file = await open(toFsPath(path), 'r')
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(MAGIC_BYTES), 0, MAGIC_BYTES, 0)
      return detectCompression(buffer.subarray(0, bytesRead))
    } finally {
      await file.close()
    }
  } catch (error) {
    throw readFailure(path, error)
  }
}

/**
 * The tar in a volume.
 * @throws ERR_VARVE_DAMAGED for what cannot be decompressed, ERR_VARVE_NOT_FOUND, ERR_VARVE_STORAGE, ERR_VARVE_ABORTED
 */
export async function* volumeStream(path: string, options: VolumeStreamOptions): AsyncGenerator<Buffer, void> {
  const { compression, start = 0, hash, signal } = options
  const file = createReadStream(toFsPath(path), { start, highWaterMark: 256 << 10 })
  const expanded = decompressor(compression)
  // Both ends fail together; who reads gets the failure.
  const stream = expanded === undefined ? file : pipeline(file, expanded, () => undefined)
  if (hash !== undefined && stream !== file) file.on('data', (bytes) => hash.update(bytes))
  try {
    for await (const piece of stream) {
      throwIfAborted(signal)
      if (stream === file) hash?.update(piece as Buffer)
      yield piece as Buffer
    }
  } catch (error) {
    throw readFailure(path, error)
  } finally {
    file.destroy()
  }
}

function readFailure(path: string, error: unknown): unknown {
  if (error instanceof VarveError) return error
  const code = systemErrorCode(error)
  if (code === 'ENOENT') {
    return new VarveError('ERR_VARVE_NOT_FOUND', `the volume '${path}' is missing`, { cause: error })
  }
  if (code !== undefined) {
    return new VarveError('ERR_VARVE_STORAGE', `cannot read '${path}': ${describeError(error)}`, { cause: error })
  }
  if (error instanceof Error && 'code' in error && /^(?:Z_|ZSTD_)/.test(String(error.code))) {
    const what = error.code === 'Z_BUF_ERROR' ? 'is truncated' : `is damaged: ${error.message}`
    return new VarveError('ERR_VARVE_DAMAGED', `the volume '${path}' ${what}`, { cause: error })
  }
  return error
}
