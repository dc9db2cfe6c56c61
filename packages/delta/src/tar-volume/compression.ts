import type { Transform } from 'node:stream'
import { constants, createGunzip, createGzip, createZstdCompress, createZstdDecompress } from 'node:zlib'

/** How volumes are compressed. */
export type Compression = 'none' | 'gzip' | 'zstd'

/** All of {@link Compression}. */
export const COMPRESSIONS = ['none', 'gzip', 'zstd'] as const satisfies readonly Compression[]

/** Bytes that tell how a file is compressed. */
export const MAGIC_BYTES = 4

const GZIP_LEVEL = 6
const ZSTD_LEVEL = 3

/** Compresses what is written to it; undefined where that changes nothing. */
export function compressor(compression: Compression): Transform | undefined {
  if (compression === 'gzip') return createGzip({ level: GZIP_LEVEL })
  if (compression === 'none') return undefined
  const { ZSTD_c_compressionLevel: level, ZSTD_c_checksumFlag: checksum } = constants
  return createZstdCompress({ params: { [level]: ZSTD_LEVEL, [checksum]: 1 } })
}

/** Undoes {@link compressor}; undefined where there is nothing to undo. */
export function decompressor(compression: Compression): Transform | undefined {
  if (compression === 'gzip') return createGunzip()
  return compression === 'none' ? undefined : createZstdDecompress()
}

/** How a file is compressed that begins so (RFC 1952, 2.3.1; RFC 8878, 3.1.1). */
export function detectCompression(begin: Uint8Array): Compression {
  if (begin[0] === 0x1f && begin[1] === 0x8b) return 'gzip'
  if (begin[0] === 0x28 && begin[1] === 0xb5 && begin[2] === 0x2f && begin[3] === 0xfd) return 'zstd'
  return 'none'
}
